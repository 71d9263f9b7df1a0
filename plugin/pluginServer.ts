import {
  Server,
  ServerCredentials,
  type handleUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { PluginInfo, type PluginAttach } from '@pulumi/pulumi/proto/plugin_pb';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { EngineLog } from './engineLog';
import { toGrpcError } from './errors';

/** A provider plugin as a gRPC service; what it does with resources is in {@link resourceHandlers}. */
export abstract class PluginServer {
  /** Package whose resources it serves, as in `pulumi-resource-<packageName>`. */
  abstract readonly packageName: string;
  /** What the engine is told; empty where there is nothing to choose from. */
  protected readonly version: string = '';
  protected readonly log = new EngineLog();
  private readonly cancellation = new AbortController();
  private running = 0;

  /** `engine` is the address of the engine's own service, for messages. */
  constructor(engine: string | undefined) {
    if (engine) this.log.attach(engine);
  }

  /** The service's methods beyond those of {@link commonHandlers}; they may replace some of these. */
  protected abstract resourceHandlers(): UntypedServiceImplementation;

  /** Starts to listen on a free port of this machine and gives the port. */
  async listen(): Promise<number> {
    // The engine's own limit for a message is 400 MB; a state can be large.
    const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
    server.addService(ResourceProviderService, { ...this.commonHandlers(), ...this.resourceHandlers() });
    return await new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
  }

  /** Ends all waiting; what waits answers the engine that it was cancelled. */
  cancel(): void {
    this.cancellation.abort();
  }

  /** True while no step is under way. */
  get idle(): boolean {
    return this.running === 0;
  }

  /** Aborted when the engine cancels. */
  protected get signal(): AbortSignal {
    return this.cancellation.signal;
  }

  /** Calls a step, sends its messages before its answer, and its error with the message that it has. */
  protected handler<Request, Response>(
    step: (request: Request) => Response | Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const answer = async (): Promise<void> => {
        this.running += 1;
        try {
          const response = await step(call.request);
          await this.log.flush();
          callback(null, response);
        } catch (error) {
          await this.log.flush();
          callback(toGrpcError(error));
        } finally {
          this.running -= 1;
        }
      };
      void answer();
    };
  }

  /** @throws Error that says what is not served */
  protected unserved(what: string): never {
    throw new Error(`the ${this.packageName} provider does not serve ${what}`);
  }

  private commonHandlers(): UntypedServiceImplementation {
    return {
      handshake: this.handler((request: pb.ProviderHandshakeRequest) => {
        if (request.getEngineAddress()) this.log.attach(request.getEngineAddress());
        return new pb.ProviderHandshakeResponse()
          .setAcceptSecrets(true)
          .setSupportsAutonamingConfiguration(true);
      }),
      attach: this.handler((request: PluginAttach) => {
        this.log.attach(request.getAddress());
        return new Empty();
      }),
      getPluginInfo: this.handler(() => new PluginInfo().setVersion(this.version)),
      // A schema without resources: the SDKs bring their own.
      getSchema: this.handler(() =>
        new pb.GetSchemaResponse().setSchema(
          JSON.stringify({ name: this.packageName, version: this.version }),
        ),
      ),
      getMapping: this.handler(() => new pb.GetMappingResponse()),
      getMappings: this.handler(() => new pb.GetMappingsResponse()),
      parameterize: this.handler(() => this.unserved('parameterized packages')),
      construct: this.handler((request: pb.ConstructRequest) =>
        this.unserved(`the component ${request.getType()}`),
      ),
      // A provider that is not configured: nothing about it can change.
      checkConfig: this.handler((request: pb.CheckRequest) =>
        new pb.CheckResponse().setInputs(request.getNews() ?? new Struct()),
      ),
      diffConfig: this.handler(() => new pb.DiffResponse().setChanges(pb.DiffResponse.DiffChanges.DIFF_NONE)),
      configure: this.handler(() =>
        new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true),
      ),
      invoke: this.handler((request: pb.InvokeRequest) => this.unserved(`the function ${request.getTok()}`)),
      call: this.handler((request: pb.CallRequest) => this.unserved(`the method ${request.getTok()}`)),
      cancel: this.handler(() => {
        this.cancel();
        return new Empty();
      }),
    };
  }
}
