import path from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type * as podCpuProvider from './podCpuProvider';
import type { PodCpuInputs, PodCpuOutputs } from './podCpuProvider';

/**
 * Pulumi writes these functions into the state as text and runs them in a process of its own, so they are short and
 * load what they do by path, from the folder of the compiled program, where that process runs.
 */
const provider: pulumi.dynamic.ResourceProvider<PodCpuInputs, PodCpuOutputs> = {
  async create(inputs) {
    return { id: `${inputs.namespace}/${inputs.instance}`, outs: await load().resizePods(inputs) };
  },
  async update(_id, _olds, news) {
    return { outs: await load().resizePods(news) };
  },
  async read(id, props) {
    if (!props) return { id };
    return { id, props: { ...props, limitMillicores: await load().readPods(props) } };
  },
  diff(_id, olds, news) {
    const changes =
      olds.limitMillicores !== news.limitMillicores || olds.requestMillicores !== news.requestMillicores;
    const replaces = olds.namespace === news.namespace && olds.instance === news.instance ? [] : ['instance'];
    return Promise.resolve({ changes: changes || replaces.length > 0, replaces });
  },
};

function load(): typeof podCpuProvider {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(path.resolve('components/podCpuProvider.js')) as typeof podCpuProvider;
}

/** CPU of the pods that run now, changed without a restart. */
export class PodCpu extends pulumi.dynamic.Resource {
  declare public readonly limitMillicores: pulumi.Output<number>;
  declare public readonly fallback: pulumi.Output<string>;

  constructor(
    name: string,
    args: pulumi.Inputs & { [K in keyof PodCpuInputs]: pulumi.Input<PodCpuInputs[K]> },
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(provider, name, { ...args, fallback: undefined }, opts, 'casper', 'PodCpu');
  }
}
