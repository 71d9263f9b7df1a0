import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { checkFailures, checkResponse } from '../../../plugin/check';
import { detailedDiff, diffResponse, withoutIgnored } from '../../../plugin/diff';
import { PluginServer } from '../../../plugin/pluginServer';
import {
  at,
  fromStruct,
  reveal,
  Secret,
  textAt,
  toStruct,
  without,
  type PropertyMap,
} from '../../../plugin/properties';
import { hideTexts, secretTexts } from './secrets';
import { resourceName, resourceType } from '../../../plugin/urn';
import { localRunSchema } from './inputs';
import { NO_OUTPUTS } from './outputs';
import { resourceTypes, type ResourceType, type StepContext } from './resources';

/** The provider as a gRPC service: turns requests into calls of a resource type's steps, and their results into answers. */
export class CommandServer extends PluginServer {
  readonly packageName = 'command';
  /** Of the genuine plugin whose protocol and behaviour this follows. */
  protected override readonly version = '1.2.1';

  protected resourceHandlers(): UntypedServiceImplementation {
    return {
      invoke: this.handler((request: pb.InvokeRequest) => this.invoke(request)),
      check: this.handler((request: pb.CheckRequest) => this.check(request)),
      diff: this.handler((request: pb.DiffRequest) => this.diff(request)),
      create: this.handler((request: pb.CreateRequest) => this.create(request)),
      read: this.handler((request: pb.ReadRequest) =>
        // Nobody can ask a command that has run; the state is what there is.
        new pb.ReadResponse()
          .setId(request.getId())
          .setProperties(request.getProperties())
          .setInputs(request.getInputs()),
      ),
      update: this.handler((request: pb.UpdateRequest) => this.update(request)),
      delete: this.handler((request: pb.DeleteRequest) => this.delete(request)),
    };
  }

  protected override unserved(what: string): never {
    throw new Error(
      `this stand-in for the command provider does not serve ${what}; install the genuine plugin for it (pulumi plugin install resource command)`,
    );
  }

  private async invoke(request: pb.InvokeRequest): Promise<pb.InvokeResponse> {
    if (request.getTok() !== 'command:local:run') return this.unserved(`the function ${request.getTok()}`);
    const args = fromStruct(request.getArgs());
    const failures = checkFailures(localRunSchema, args);
    if (failures.length > 0) return new pb.InvokeResponse().setFailuresList(failures);
    const outputs = await this.step('', args, async (context) => {
      const inputs = localRunSchema.parse(reveal(args));
      const { runLocally } = await import('./runLocally.ts');
      return { ...(await runLocally(inputs.command, inputs, NO_OUTPUTS, context.log, context.signal)) };
    });
    return new pb.InvokeResponse().setReturn(toStruct({ ...args, ...outputs }));
  }

  private check(request: pb.CheckRequest): pb.CheckResponse {
    const { schema, secretInputs } = this.typeOf(request.getUrn());
    const inputs = fromStruct(request.getNews());
    for (const name of secretInputs) {
      const value = inputs[name];
      if (value !== undefined && !(value instanceof Secret)) inputs[name] = new Secret(value);
    }
    return checkResponse(schema, inputs);
  }

  private diff(request: pb.DiffRequest): pb.DiffResponse {
    const { replacedBy } = this.typeOf(request.getUrn());
    const changes = withoutIgnored(
      detailedDiff(
        fromStruct(request.getOldInputs()),
        // The engine's own entry.
        without(fromStruct(request.getNews()), 'version'),
        { replaces: replacedBy },
      ),
      request.getIgnorechangesList(),
    );
    return diffResponse(changes);
  }

  private async create(request: pb.CreateRequest): Promise<pb.CreateResponse> {
    const urn = request.getUrn();
    const type = this.typeOf(urn);
    const inputs = fromStruct(request.getProperties());
    const outputs = request.getPreview()
      ? type.unknownOutputs
      : await this.step(urn, inputs, (context) => type.create(inputs, context), request.getTimeout());
    return new pb.CreateResponse()
      .setId(type.newId(resourceName(urn)))
      .setProperties(toStruct({ ...inputs, ...outputs }));
  }

  private async update(request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
    const urn = request.getUrn();
    const type = this.typeOf(urn);
    const inputs = fromStruct(request.getNews());
    const outputs = request.getPreview()
      ? type.unknownOutputs
      : await this.step(
          urn,
          inputs,
          (context) => type.update(inputs, fromStruct(request.getOlds()), context),
          request.getTimeout(),
        );
    return new pb.UpdateResponse().setProperties(toStruct({ ...inputs, ...outputs }));
  }

  private async delete(request: pb.DeleteRequest): Promise<Empty> {
    const urn = request.getUrn();
    const old = fromStruct(request.getProperties());
    await this.step(urn, old, (context) => this.typeOf(urn).delete(old, context), request.getTimeout());
    return new Empty();
  }

  /**
   * Runs work whose messages and errors show no secret of its inputs.
   * @param timeoutSeconds after which it is ended, of the resource's customTimeouts; 0 for none
   */
  private async step<T>(
    urn: string,
    inputs: PropertyMap,
    work: (context: StepContext) => Promise<T>,
    timeoutSeconds = 0,
  ): Promise<T> {
    const late = timeoutSeconds > 0 ? AbortSignal.timeout(timeoutSeconds * 1000) : undefined;
    const signal = late ? AbortSignal.any([this.signal, late]) : this.signal;
    const secrets = secretsOf(inputs);
    const log = {
      line: (text: string): void => {
        this.log.status(urn, hideTexts(text, secrets));
      },
      warn: (text: string): void => {
        this.log.warn(urn, hideTexts(text, secrets));
      },
    };
    try {
      return await work({ log, signal });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const told = late?.aborted ? `ended after ${timeoutSeconds} s (customTimeouts): ${message}` : message;
      throw new Error(hideTexts(told, secrets), { cause: error });
    }
  }

  private typeOf(urn: string): ResourceType {
    const token = resourceType(urn);
    return resourceTypes[token] ?? this.unserved(`the resource ${token}`);
  }
}

/** A connection is secret as a whole, but messages without host and user help nobody. */
function secretsOf(inputs: PropertyMap): string[] {
  const { connection = null, ...others } = inputs;
  const revealed = reveal({ connection });
  const keys = ['password', 'privateKey', 'privateKeyPassword'];
  return [
    ...secretTexts(others),
    ...[at(revealed, 'connection'), at(revealed, 'connection', 'proxy')].flatMap((endpoint) =>
      keys.map((key) => textAt(endpoint, key)).filter((text) => text !== undefined),
    ),
  ];
}
