import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { detailedDiff, diffResponse } from '../../plugin/diff';
import { checkResponse } from '../../plugin/check';
import { PluginServer } from '../../plugin/pluginServer';
import { fromStruct, only, reveal, textAt, toStruct } from '../../plugin/properties';
import { borrowedDeploymentType } from '../borrowedDeployment/resourceType';
import { podCpuType, type ResourceType, type StepContext } from './resourceType';

/** Serves PodCpu and BorrowedDeployment to the engine. What acts on a cluster is loaded when something is to be done there. */
export class CasperProvider extends PluginServer {
  readonly packageName = 'casper';

  protected resourceHandlers(): UntypedServiceImplementation {
    return {
      check: this.handler((request: pb.CheckRequest) =>
        checkResponse(typeOf(request.getUrn()).schema, fromStruct(request.getNews())),
      ),
      diff: this.handler((request: pb.DiffRequest) => {
        const { schema, replaces } = typeOf(request.getUrn());
        // The state, not the inputs of the last update: a refresh may have found that what runs differs from those.
        const old = only(fromStruct(request.getOlds()), Object.keys(schema.shape));
        return diffResponse(detailedDiff(old, fromStruct(request.getNews()), { replaces }));
      }),
      create: this.handler(async (request: pb.CreateRequest) => {
        const { unknownOutputs, idInput, create } = typeOf(request.getUrn());
        const inputs = fromStruct(request.getProperties());
        const outputs = request.getPreview()
          ? unknownOutputs
          : await create(inputs, this.stepOf(request.getUrn()));
        const id = `${textAt(reveal(inputs), 'namespace') ?? ''}/${textAt(reveal(inputs), idInput) ?? ''}`;
        return new pb.CreateResponse().setId(id).setProperties(toStruct({ ...inputs, ...outputs }));
      }),
      update: this.handler(async (request: pb.UpdateRequest) => {
        const { unknownOutputs, lastingOutputs, update } = typeOf(request.getUrn());
        const [inputs, old] = [fromStruct(request.getNews()), fromStruct(request.getOlds())];
        const outputs = request.getPreview()
          ? { ...unknownOutputs, ...only(old, lastingOutputs) }
          : await update(inputs, old, this.stepOf(request.getUrn()));
        return new pb.UpdateResponse().setProperties(toStruct({ ...inputs, ...outputs }));
      }),
      read: this.handler(async (request: pb.ReadRequest) => {
        const { read } = typeOf(request.getUrn());
        const [inputs, state] = [fromStruct(request.getInputs()), fromStruct(request.getProperties())];
        if (Object.keys(inputs).length === 0) {
          throw new Error('resources of casper cannot be imported; declare one, and it takes what runs');
        }
        const found = await read(inputs, this.stepOf(request.getUrn()));
        return new pb.ReadResponse()
          .setId(request.getId())
          .setInputs(toStruct({ ...inputs, ...found }))
          .setProperties(toStruct({ ...state, ...found }));
      }),
      delete: this.handler(async (request: pb.DeleteRequest) => {
        await typeOf(request.getUrn()).delete(
          fromStruct(request.getProperties()),
          this.stepOf(request.getUrn()),
        );
        return new Empty();
      }),
    };
  }

  private stepOf(urn: string): StepContext {
    return {
      signal: this.signal,
      warn: (message) => {
        if (message !== '') this.log.warn(urn, message);
      },
    };
  }
}

/** A PodCpu has a type of its own from before there was this plugin, too. */
function typeOf(urn: string): ResourceType {
  return urn.includes('casper:index:BorrowedDeployment::') ? borrowedDeploymentType : podCpuType;
}
