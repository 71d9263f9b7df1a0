import { EngineStack } from '../engineStack';

/** A stack whose engine and lock files a test may touch. */
export class OpenStack extends EngineStack {
  static opened(name: string, endsWithinSeconds = 60) {
    return OpenStack.parts(name, undefined, { asksWithinSeconds: 120, endsWithinSeconds });
  }
}
