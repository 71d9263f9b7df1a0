import { EngineStack } from '../engineStack';

/** A stack whose engine and lock files a test may touch. */
export class OpenStack extends EngineStack {
  static opened(name: string) {
    return OpenStack.parts(name);
  }
}
