import { credentials } from '@grpc/grpc-js';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';

/** Messages to the engine, which shows them beside the resource that they are about. */
export class EngineLog {
  private engine: EngineClient | undefined;
  private readonly pending = new Set<Promise<void>>();
  private readonly lastStatus = new Map<string, string>();

  /** Says where the engine listens, as `host:port`; messages go nowhere before. */
  attach(address: string): void {
    this.engine = new EngineClient(address, credentials.createInsecure());
  }

  /** A warning that stays on the screen. */
  warn(urn: string, message: string): void {
    this.send(urn, message, LogSeverity.WARNING, false);
  }

  info(urn: string, message: string): void {
    this.send(urn, message, LogSeverity.INFO, false);
  }

  /** What a resource is waiting for; the next status takes its place, an empty one clears it. */
  status(urn: string, message: string): void {
    if (this.lastStatus.get(urn) === message) return;
    this.lastStatus.set(urn, message);
    this.send(urn, message, LogSeverity.INFO, true);
  }

  /** Resolves when the engine has all messages: it shows none that comes after its step is over. */
  async flush(): Promise<void> {
    await Promise.all(this.pending);
  }

  private send(urn: string, message: string, severity: LogSeverity, ephemeral: boolean): void {
    const engine = this.engine;
    if (!engine) return;
    const request = new LogRequest()
      .setUrn(urn)
      .setMessage(message)
      .setSeverity(severity)
      .setEphemeral(ephemeral);
    const sent = new Promise<void>((resolve) => {
      // A message that the engine does not take is no reason to fail the step.
      engine.log(request, () => {
        resolve();
      });
    });
    this.pending.add(sent);
    void sent.then(() => this.pending.delete(sent));
  }
}
