import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { PluginServer } from '../provider/pluginServer';
import { fromStruct, textAt, toStruct, type PropertyMap } from '../provider/properties';
import { checkInputs } from './checkInputs';
import { connect } from './connection';
import type { ProviderContext } from './context';
import { createResource } from './createResource';
import { deleteResource } from './deleteResource';
import { diffConfig } from './diffConfig';
import { diffResource } from './diffResource';
import type { Autonaming } from './naming';
import { parseProviderConfig, unservedSettings } from './providerConfig';
import { readResource } from './readResource';
import { updateResource } from './updateResource';
import { decodeYaml } from './yamlDecode';

const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;

/** The provider as a gRPC service: turns requests into calls of the steps' own modules, and their results into answers. */
export class KubernetesServer extends PluginServer {
  readonly packageName = 'kubernetes';
  protected readonly version = '4.34.2';
  private configured: ProviderContext | undefined;

  protected resourceHandlers(): UntypedServiceImplementation {
    return {
      checkConfig: this.handler(checkConfig),
      diffConfig: this.handler(answerDiffConfig),
      configure: this.handler((request: pb.ConfigureRequest) => this.configure(request)),
      invoke: this.handler((request: pb.InvokeRequest) => this.invoke(request)),
      check: this.handler((request: pb.CheckRequest) => this.check(request)),
      diff: this.handler((request: pb.DiffRequest) => this.diff(request)),
      create: this.handler((request: pb.CreateRequest) => this.create(request)),
      read: this.handler((request: pb.ReadRequest) => this.read(request)),
      update: this.handler((request: pb.UpdateRequest) => this.update(request)),
      delete: this.handler((request: pb.DeleteRequest) => this.delete(request)),
    };
  }

  private get context(): ProviderContext {
    if (!this.configured) throw new Error('the Kubernetes provider has not been configured');
    return this.configured;
  }

  private async configure(request: pb.ConfigureRequest): Promise<pb.ConfigureResponse> {
    const settings = parseProviderConfig(configureInputs(request), process.env);
    const connected = await connect(settings);
    this.configured = { ...connected, settings, log: this.log, signal: this.signal };
    return new pb.ConfigureResponse()
      .setAcceptsecrets(true)
      .setSupportspreview(true)
      .setSupportsAutonamingConfiguration(true);
  }

  private async invoke(request: pb.InvokeRequest): Promise<pb.InvokeResponse> {
    const token = request.getTok();
    if (token !== 'kubernetes:yaml:decode') return this.unserved(`the function ${token}`);
    const args = fromStruct(request.getArgs());
    const text = textAt(args, 'text');
    if (text === undefined) throw new Error("missing required field 'text' of type string");
    const result = await decodeYaml(text, textAt(args, 'defaultNamespace') ?? '', this.context);
    return new pb.InvokeResponse().setReturn(toStruct({ result }));
  }

  private async check(request: pb.CheckRequest): Promise<pb.CheckResponse> {
    const olds = fromStruct(request.getOlds());
    const inputs = await checkInputs(
      {
        urn: request.getUrn(),
        news: fromStruct(request.getNews()),
        olds: Object.keys(olds).length > 0 ? olds : undefined,
        seed: request.getRandomseed_asU8(),
        autonaming: autonamingOf(request.getAutonaming()),
      },
      this.context,
    );
    return new pb.CheckResponse().setInputs(toStruct(inputs));
  }

  private async diff(request: pb.DiffRequest): Promise<pb.DiffResponse> {
    const { changes, replaces, deleteBeforeReplace } = await diffResource(
      {
        urn: request.getUrn(),
        olds: fromStruct(request.getOlds()),
        news: fromStruct(request.getNews()),
        ignored: request.getIgnorechangesList(),
      },
      this.context,
    );
    const response = new pb.DiffResponse()
      .setChanges(changes.size > 0 ? DIFF_SOME : DIFF_NONE)
      .setReplacesList(replaces)
      .setDeletebeforereplace(deleteBeforeReplace)
      .setHasdetaileddiff(true);
    for (const [path, kind] of changes) {
      response.getDetaileddiffMap().set(path, new pb.PropertyDiff().setKind(kind));
    }
    return response;
  }

  private async create(request: pb.CreateRequest): Promise<pb.CreateResponse> {
    const { id, outputs } = await createResource(
      {
        urn: request.getUrn(),
        properties: fromStruct(request.getProperties()),
        preview: request.getPreview(),
        timeoutSeconds: request.getTimeout(),
      },
      this.context,
    );
    return new pb.CreateResponse().setId(id).setProperties(toStruct(outputs));
  }

  private async read(request: pb.ReadRequest): Promise<pb.ReadResponse> {
    const result = await readResource(
      {
        urn: request.getUrn(),
        id: request.getId(),
        properties: fromStruct(request.getProperties()),
        inputs: fromStruct(request.getInputs()),
      },
      this.context,
    );
    if (!result) return new pb.ReadResponse();
    return new pb.ReadResponse()
      .setId(result.id)
      .setProperties(toStruct(result.outputs))
      .setInputs(toStruct(result.inputs));
  }

  private async update(request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
    const outputs = await updateResource(
      {
        urn: request.getUrn(),
        olds: fromStruct(request.getOlds()),
        news: fromStruct(request.getNews()),
        preview: request.getPreview(),
        timeoutSeconds: request.getTimeout(),
        ignored: request.getIgnorechangesList(),
      },
      this.context,
    );
    return new pb.UpdateResponse().setProperties(toStruct(outputs));
  }

  private async delete(request: pb.DeleteRequest): Promise<Empty> {
    await deleteResource(
      {
        urn: request.getUrn(),
        id: request.getId(),
        properties: fromStruct(request.getProperties()),
        timeoutSeconds: request.getTimeout(),
      },
      this.context,
    );
    return new Empty();
  }
}

function checkConfig(request: pb.CheckRequest): pb.CheckResponse {
  const failures = unservedSettings(fromStruct(request.getNews())).map(({ property, reason }) =>
    new pb.CheckFailure().setProperty(property).setReason(reason),
  );
  const response = new pb.CheckResponse().setFailuresList(failures);
  const news = request.getNews();
  return news ? response.setInputs(news) : response;
}

function answerDiffConfig(request: pb.DiffRequest): pb.DiffResponse {
  const olds = fromStruct(request.getOldInputs() ?? request.getOlds());
  const { diffs, replaces } = diffConfig(olds, fromStruct(request.getNews()));
  return new pb.DiffResponse()
    .setChanges(diffs.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setDiffsList(diffs)
    .setReplacesList(replaces);
}

/** The provider's inputs; engines before 3.0 knew only the flat variables. */
function configureInputs(request: pb.ConfigureRequest): PropertyMap {
  const variables: PropertyMap = {};
  for (const [key, value] of request.getVariablesMap().getEntryList()) {
    variables[key.replace(/^kubernetes:config:/, '')] = value;
  }
  return { ...variables, ...fromStruct(request.getArgs()) };
}

function autonamingOf(options: pb.CheckRequest.AutonamingOptions | undefined): Autonaming | undefined {
  if (!options) return undefined;
  const disabled = options.getMode() === pb.CheckRequest.AutonamingOptions.Mode.DISABLE;
  return disabled ? { mode: 'disable' } : { mode: 'proposed', name: options.getProposedName() };
}
