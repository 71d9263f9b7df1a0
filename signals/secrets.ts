import { SignalsConfigError } from './fault';

/**
 * Reads a credential. Its value gets into no message: fetch itself quotes a header that it cannot send, so what it
 * could not send is refused here.
 * @throws SignalsConfigError
 */
export function secretFrom(
  environment: Readonly<Record<string, string | undefined>>,
  variable: string,
  source: string,
): string {
  const secret = environment[variable]?.trim() ?? '';
  if (secret === '') {
    throw new SignalsConfigError(
      `The source ${source} of casper:signals needs the environment variable ${variable}, which is not set; export it, or name another one in the stack file`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    throw new SignalsConfigError(
      `The environment variable ${variable} holds what cannot be a credential of ${source}: expected printable ASCII without spaces; its value is not shown`,
    );
  }
  return secret;
}

const longestQuote = 200;

/** Text of somebody else, for a message: on one line, not too long, and without the credentials that it may echo. */
export function quote(text: string, secrets: readonly string[]): string {
  const clean = secrets
    .reduce((all, secret) => all.replaceAll(secret, '***'), text)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return clean.length > longestQuote ? `${clean.slice(0, longestQuote)}...` : clean;
}
