import { fullDiskMessage } from './fullDisk';

/** Where Go writes while it builds, for the message about a full disk. */
export interface GoFolders {
  /** What `$WORK` stands for in Go's messages. */
  readonly temporary: string;
  readonly buildCache: string;
  readonly moduleCache: string;
}

/**
 * What went wrong and what to do about it, from what Go printed; undefined where Go's own words have to do.
 * @param stderr what the go command printed
 */
export function goFailure(stderr: string, folders: GoFolders): string | undefined {
  return fullDisk(stderr, folders) ?? missingModule(stderr) ?? oldGo(stderr) ?? killed(stderr);
}

function fullDisk(stderr: string, { temporary, buildCache, moduleCache }: GoFolders): string | undefined {
  const line = lineWith(stderr, /no space left on device/);
  if (line === undefined) return undefined;
  // The file stands right before the reason, after the call that failed.
  const file = /(\S+): no space left on device/.exec(line)?.[1]?.replace('$WORK', temporary);
  const where = file?.startsWith('/')
    ? file
    : `one of ${temporary}, ${buildCache} and ${moduleCache} (Go does not say which)`;
  return fullDiskMessage(where);
}

const unreachable =
  /module lookup disabled|dial tcp|no such host|connection refused|i\/o timeout|TLS handshake|proxyconnect|40[34] |410 Gone|50\d |certificate/;

function missingModule(stderr: string): string | undefined {
  const line = lineWith(stderr, unreachable);
  if (line === undefined) return undefined;
  const named = /[\w.~!/-]+@v[\w.+-]+/.exec(line)?.[0];
  // Where no proxy may be asked at all, only the line before says what was wanted.
  const downloading = [...stderr.matchAll(/go: downloading (\S+) (v\S+)/g)].at(-1);
  const module = named ?? (downloading && `${downloading[1] ?? ''}@${downloading[2] ?? ''}`);
  if (module === undefined) return undefined;
  return (
    `the Go module ${module} cannot be had: ${line.trim()}. The lab's tools are built from modules, so a Go module ` +
    'proxy must be in reach: see that GOPROXY names one that answers, or bring a filled GOMODCACHE from a machine ' +
    'that has one; then run the same again'
  );
}

function oldGo(stderr: string): string | undefined {
  const versions = /requires go >= (\S+) \(running go (\S+?)[;)]/.exec(stderr);
  if (!versions) return undefined;
  return `the lab's tools need Go ${versions[1] ?? ''} or later, and this is ${versions[2] ?? ''}: install a later one`;
}

function killed(stderr: string): string | undefined {
  if (!/signal: killed/.test(stderr)) return undefined;
  return (
    'the kernel killed the compiler, for want of memory as a rule: a build takes up to 6 GB. Close what else is ' +
    'running, or build with GOMAXPROCS=1, and run the same again: what is built stays built'
  );
}

function lineWith(text: string, pattern: RegExp): string | undefined {
  return text.split('\n').find((line) => pattern.test(line));
}
