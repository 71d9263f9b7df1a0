import { Writable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { Exec } from '../../cluster/client';
import { isUnknown, type Unknown } from '../../observe/unknown';

/** The container of a pod. */
export interface ContainerName {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** An answer takes some 0.1 s; the API server itself gives up never. */
const answerWithinMs = 5000;

/**
 * Reads files from inside a running container, with `cat`. Of files that not every kernel has, those that are there are
 * read. Unknown where that cannot be had: an image without `cat`, a user who may not run commands in pods, a kubelet
 * that does not answer in time.
 * @param parse makes of all that was printed what is wanted
 */
export async function catInContainer<T extends object>(
  kubeConfig: KubeConfig,
  { namespace, pod, container }: ContainerName,
  files: readonly string[],
  parse: (text: string) => T | Unknown,
  withinMs = answerWithinMs,
): Promise<T | Unknown> {
  const stdout = new TextSink();
  const stderr = new TextSink();
  const late = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        late.abort();
        reject(new Error(`no answer within ${withinMs / 1000} s`));
      }, withinMs);
      const done = (settle: () => void) => (): void => {
        clearTimeout(timer);
        settle();
      };
      new Exec(kubeConfig)
        // cat fails on the files that are not there, yet prints the others; what it printed is checked below.
        .exec(namespace, pod, container, ['cat', ...files], stdout, stderr, null, false, ({ message }) => {
          stderr.text ||= message ?? '';
          done(resolve)();
        })
        .then(
          (socket: Closable) => {
            socket.on('close', done(resolve));
            late.signal.addEventListener('abort', () => {
              socket.close();
            });
            if (late.signal.aborted) socket.close();
          },
          (error: unknown) => {
            done(() => {
              reject(new Error(reasonOf(error)));
            })();
          },
        );
    });
  } catch (error) {
    return { unknown: (error as Error).message };
  }
  const found = parse(stdout.text);
  return isUnknown(found) && stderr.text.trim() !== '' ? { unknown: stderr.text.trim() } : found;
}

/** What is needed of a websocket; its types come with a package of their own. */
interface Closable {
  on(event: 'close', listener: () => void): void;
  close(): void;
}

/** A websocket's failure comes as an event with a message. */
function reasonOf(error: unknown): string {
  const { message } = error as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : String(error);
}

class TextSink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}
