import type { Watcher } from './requestPath';
import { StackConfigError } from './stackConfig';

/** bcrypt looks at no more. */
const longestBytes = 72;

/**
 * Reads the password of a stack's Prometheus. Its value gets into no message.
 * @throws StackConfigError where the environment variable that holds it does not, or holds what cannot be one
 */
export function prometheusPassword(
  { host, login }: Pick<Watcher, 'host'> & { readonly login: NonNullable<Watcher['login']> },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const password = environment[login.passwordVariable] ?? '';
  const place = `casper:hosts.${host.name}.prometheus.login`;
  if (password === '') {
    throw new StackConfigError(
      `${place} needs the environment variable ${login.passwordVariable}, which is not set; export it, or name another one there (passwordVariable)`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(password) || password.length > longestBytes) {
    throw new StackConfigError(
      `The environment variable ${login.passwordVariable} holds what cannot be the password of ${place}: expected 1 to ${longestBytes} printable ASCII characters without spaces; its value is not shown`,
    );
  }
  return password;
}
