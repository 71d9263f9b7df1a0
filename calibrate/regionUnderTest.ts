import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import { CoreV1Api } from '../cluster/client';
import { within } from '../cluster/connection';
import { limitInForceMillicores, runs } from '../cluster/pods';
import type { PodCpuInputs } from '../components/podCpu/inputs';
import { resizePods } from '../components/podCpu/resizePods';
import { messageOf } from '../driver/messageOf';
import { compare } from '../driver/verify/podCpu';
import { generateLoadApart } from '../load/generateLoadApart';
import { isUnknown, type Unknown } from '../observe/unknown';
import { containerName, objectNameOf, regionLabel } from '../stack/naming';
import type { RegionParts, Sent } from './calibration';
import { CalibrationError } from './calibrationError';
import type { CalibrationTarget } from './calibrationTarget';
import { readCpuTime } from './cpuTime';

export interface UnderTestOptions {
  /** Path and query of what is asked for. */
  readonly path: string;
  /** The latency target. */
  readonly latencyMs: number;
  readonly signal: AbortSignal;
  /** How long the region may take to answer in time again; 30 s when absent. */
  readonly settleWithinMs?: number;
}

const answerWithinMs = 10_000;
/** New connections, and what the service has not served for a while, are slow: these seconds are not counted. */
const warmUpSeconds = 1;
/** A request that takes ten times the target, and a second at least, tells no more than one that fails. */
const timeoutMsOf = (latencyMs: number): number => Math.max(1000, 10 * latencyMs);
/** How often a region is asked whether it answers in time again. */
const settlePollMs = 200;
/** Restoring goes on after a signal, and must end. */
const restoreWithinMs = 120_000;

/** A region that runs. It is asked directly: no proxy is in between, and no other region's requests wait. */
export class RegionUnderTest implements RegionParts {
  private readonly url: string;
  private expectedMillicores: number;

  constructor(
    private readonly target: CalibrationTarget,
    private readonly kubeConfig: KubeConfig,
    private readonly options: UnderTestOptions,
  ) {
    this.url = new URL(options.path, target.address).href;
    this.expectedMillicores = target.limitMillicores;
  }

  /** @throws CalibrationError where its pods do not have the plan's CPU: what is given back in the end must be what was there */
  async assertAsPlanned(): Promise<void> {
    const fault = this.faultOf(await this.runningPods());
    if (fault === null) return;
    throw new CalibrationError(
      `${this.target.region} does not run as planned: ${fault}; apply the stack file first`,
    );
  }

  async resize(millicores: number): Promise<string> {
    const fallback = await this.give(millicores, this.options.signal);
    await this.settle();
    return fallback;
  }

  restore(): Promise<string> {
    return this.give(this.target.limitMillicores, AbortSignal.timeout(restoreWithinMs));
  }

  async settle(): Promise<void> {
    const { signal, latencyMs, settleWithinMs = 30_000 } = this.options;
    const end = performance.now() + settleWithinMs;
    let last = '';
    while (performance.now() < end) {
      signal.throwIfAborted();
      const startedAtMs = performance.now();
      try {
        const answer = await fetch(this.url, {
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMsOf(latencyMs))]),
        });
        await answer.arrayBuffer();
        const tookMs = performance.now() - startedAtMs;
        if (answer.status < 400 && tookMs <= latencyMs) return;
        last = `status ${answer.status} after ${tookMs.toFixed(0)} ms`;
      } catch (error) {
        last = reasonOf(error);
      }
      await sleep(settlePollMs, undefined, { signal });
    }
    throw new CalibrationError(
      `${this.url} of ${this.target.region} was asked for ${settleWithinMs / 1000} s, one request at a time, and answered none within ${latencyMs} ms (last: ${last}); ` +
        'take a higher target (--latency) or larger limits (--cpu), or look whether it serves that path (--path)',
    );
  }

  async send(rate: number, seconds: number, seed: number): Promise<Sent> {
    const { region } = this.target;
    const { latencyMs, signal } = this.options;
    const timeoutMs = timeoutMsOf(latencyMs);
    const sentSeconds = warmUpSeconds + seconds;
    const { intervals, log } = await generateLoadApart({
      origins: [{ name: region, url: this.url }],
      intervals: [{ seconds: sentSeconds, requestsPerSecond: { [region]: rate } }],
      ...{ seed, timeoutMs, signal },
      spacing: 'poisson',
      // No request waits for a place: what leaves late then does so because of this machine. Each is over within four
      // times the time-out, of which connecting, the answer's beginning and its going on have one each.
      maxConcurrency: Math.ceil(4 * rate * (timeoutMs / 1000)) + 100,
    });
    const fromMs = (intervals[0]?.startedAtMs ?? 0) + warmUpSeconds * 1000;
    const { answered } = log.summary();
    return { counted: log.summary({ fromMs }), answered, seconds: sentSeconds };
  }

  async cpuSeconds(): Promise<number | Unknown> {
    const { namespace, region } = this.target;
    const pods = await this.runningPods();
    const fault = this.faultOf(pods);
    if (fault !== null) {
      throw new CalibrationError(
        `somebody else changes the CPU of ${region} while it is calibrated: ${fault}; let no update of the stack go on meanwhile, and calibrate again`,
      );
    }
    const times = await Promise.all(
      pods.map((pod) =>
        readCpuTime(this.kubeConfig, { namespace, pod: nameOf(pod), container: containerName }),
      ),
    );
    let sum = 0;
    for (const time of times) {
      if (isUnknown(time)) return time;
      sum += time.seconds;
    }
    return sum;
  }

  /** Resizes the pods as an update of the stack does. The request stays the plan's: it decides nothing here. */
  private async give(millicores: number, signal: AbortSignal): Promise<string> {
    const { region, cluster, namespace, pods, requestMillicores, resizeTimeoutSeconds } = this.target;
    const inputs: PodCpuInputs = {
      ...{ namespace, pods, context: cluster.context, kubeconfig: cluster.kubeconfig },
      deployment: objectNameOf(region),
      instance: region,
      container: containerName,
      limitMillicores: millicores,
      requestMillicores: Math.min(requestMillicores, millicores),
      timeoutSeconds: resizeTimeoutSeconds,
    };
    this.expectedMillicores = millicores;
    try {
      return await resizePods(inputs, signal);
    } catch (error) {
      throw new CalibrationError(`${region} cannot be given ${millicores}m: ${messageOf(error)}`);
    }
  }

  private async runningPods(): Promise<V1Pod[]> {
    const { namespace, region } = this.target;
    const { items } = await this.kubeConfig
      .makeApiClient(CoreV1Api)
      .listNamespacedPod(
        { namespace, labelSelector: `${regionLabel}=${region}` },
        within(answerWithinMs, this.options.signal),
      );
    return items.filter(runs);
  }

  private faultOf(running: readonly V1Pod[]): string | null {
    const { region, pods } = this.target;
    const found = running.map((pod) => ({
      name: nameOf(pod),
      limitMillicores: limitInForceMillicores(pod, containerName),
      quota: { unknown: 'not asked for' },
    }));
    return compare(region, this.expectedMillicores, found, pods).fault;
  }
}

function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? '';
}

/** `fetch` says "fetch failed", and why in its cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return messageOf(cause ?? error);
}
