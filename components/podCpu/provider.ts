import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { detailedDiff, diffResponse } from '../../plugin/diff';
import { checkResponse } from '../../plugin/check';
import { PluginServer } from '../../plugin/pluginServer';
import {
  containsSecret,
  fromStruct,
  only,
  reveal,
  Secret,
  textAt,
  toStruct,
  UNKNOWN,
  type PropertyMap,
} from '../../plugin/properties';
import { podCpuInputs, type PodCpuInputs } from './inputs';

const inputNames = Object.keys(podCpuInputs.shape);

/** Other pods: these are none of this resource's. */
const replaces = (path: string): boolean => path === 'namespace' || path === 'instance';

/** Serves PodCpu to the engine. What acts on a cluster is loaded when something is to be done there. */
export class PodCpuProvider extends PluginServer {
  readonly packageName = 'casper';

  protected resourceHandlers(): UntypedServiceImplementation {
    return {
      check: this.handler((request: pb.CheckRequest) =>
        checkResponse(podCpuInputs, fromStruct(request.getNews())),
      ),
      diff: this.handler((request: pb.DiffRequest) =>
        // The state, not the inputs of the last update: a refresh may have found that the pods differ from those.
        diffResponse(
          detailedDiff(only(fromStruct(request.getOlds()), inputNames), fromStruct(request.getNews()), {
            replaces,
          }),
        ),
      ),
      create: this.handler(async (request: pb.CreateRequest) => {
        const inputs = fromStruct(request.getProperties());
        const outputs = await this.resize(request.getUrn(), inputs, request.getPreview());
        const id = `${textAt(reveal(inputs), 'namespace') ?? ''}/${textAt(reveal(inputs), 'instance') ?? ''}`;
        return new pb.CreateResponse().setId(id).setProperties(toStruct(outputs));
      }),
      update: this.handler(async (request: pb.UpdateRequest) => {
        const outputs = await this.resize(
          request.getUrn(),
          fromStruct(request.getNews()),
          request.getPreview(),
        );
        return new pb.UpdateResponse().setProperties(toStruct(outputs));
      }),
      read: this.handler((request: pb.ReadRequest) => this.read(request)),
      // The pods are the Deployment's: they stay, with the CPU that they have.
      delete: this.handler(() => new Empty()),
    };
  }

  private async resize(urn: string, inputs: PropertyMap, preview: boolean): Promise<PropertyMap> {
    if (preview) return { ...inputs, fallback: UNKNOWN };
    const { resizePods } = await import('./resizePods.ts');
    const fallback = await resizePods(parse(inputs), this.signal);
    if (fallback !== '') this.log.warn(urn, fallback);
    return { ...inputs, fallback: containsSecret(inputs) ? new Secret(fallback) : fallback };
  }

  /** What the pods have now takes the place of what they were given. */
  private async read(request: pb.ReadRequest): Promise<pb.ReadResponse> {
    const inputs = fromStruct(request.getInputs());
    if (Object.keys(inputs).length === 0) {
      throw new Error('a PodCpu cannot be imported; declare it, and it takes the pods that run');
    }
    const { readPods } = await import('./resizePods.ts');
    const limitMillicores = await readPods(parse(inputs), this.signal);
    return new pb.ReadResponse()
      .setId(request.getId())
      .setInputs(toStruct({ ...inputs, limitMillicores }))
      .setProperties(toStruct({ ...fromStruct(request.getProperties()), limitMillicores }));
  }
}

function parse(inputs: PropertyMap): PodCpuInputs {
  return podCpuInputs.parse(reveal(inputs));
}
