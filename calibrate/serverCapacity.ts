import { isUnknown } from '../observe/unknown';
import type { Capacity } from '../stack/capacity';
import type { Calibration, CalibrationStep, FoundKnee } from './calibration';
import { fewestPoints, fitLine, type Interval, type Line } from './fitLine';

/** What a server carries, by a calibration. */
export interface ServerCapacity {
  /** Requests/s against the CPU limit in millicores; null where the searches are too few. */
  readonly line: Line | null;
  /** Requests/s that one server more carries; null without a line. */
  readonly requestsPerServer: (Interval & { readonly estimate: number }) | null;
  /**
   * What the stack file is to say: whole requests/s at the interval's lower end, and the constant on top of the servers'
   * CPU where it is less than what carries nothing; null where the former is below 1.
   */
  readonly toWrite: Partial<Pick<Capacity, 'requestsPerServer' | 'epsilonMillicores'>> | null;
  /** CPU used in millicores against requests/s, of the steps that kept the target; null where it is unknown. */
  readonly use: Line | null;
  /** Why `use` is null, or that some steps are not in it; null where nothing is missing. */
  readonly useMissing: string | null;
  /** Millicores of a region's limit that carry nothing, by the line. */
  readonly idleMillicores: number | null;
}

/**
 * A server is `cpuMillicoresPerServer` more of CPU limit, so it carries that times the line's slope. Rates are found in
 * equal ratios, so their errors are in proportion to the limit, and the weights are 1 / limit². CPU is measured to about
 * the same whatever the rate, so there all weights are the same.
 */
export function serverCapacity(
  { knees, steps }: Pick<Calibration, 'knees' | 'steps'>,
  { cpuMillicoresPerServer, epsilonMillicores }: Capacity,
): ServerCapacity {
  const line = fitLine(
    knees.map(({ millicores, kept }) => ({ x: millicores, y: kept, weight: 1 / millicores ** 2 })),
  );
  const requestsPerServer = line && {
    estimate: line.slope * cpuMillicoresPerServer,
    low: line.slopeInterval.low * cpuMillicoresPerServer,
    high: line.slopeInterval.high * cpuMillicoresPerServer,
  };
  const kept = steps.filter(({ verdict }) => verdict === 'kept');
  const known = kept.flatMap(({ answeredPerSecond, cpuMillicores }) =>
    isUnknown(cpuMillicores) ? [] : [{ x: answeredPerSecond, y: cpuMillicores, weight: 1 }],
  );
  const low = Math.floor(requestsPerServer?.low ?? 0);
  const idleMillicores = line && line.slope > 0 ? Math.max(0, -line.intercept / line.slope) : null;
  return {
    line,
    requestsPerServer,
    toWrite:
      low < 1
        ? null
        : {
            requestsPerServer: low,
            ...(idleMillicores !== null &&
              idleMillicores > epsilonMillicores && { epsilonMillicores: Math.ceil(idleMillicores) }),
          },
    use: fitLine(known),
    useMissing: missing(kept, known.length),
    idleMillicores,
  };
}

function missing(kept: readonly CalibrationStep[], known: number): string | null {
  if (known === kept.length) return null;
  const why = kept.map(({ cpuMillicores }) => cpuMillicores).find(isUnknown)?.unknown ?? '';
  return `the CPU of ${kept.length - known} of ${kept.length} steps is unknown: ${why}`;
}

/** CPU used at a knee, as a share of the limit; null where it is unknown. */
export function shareUsed({ millicores, cpuMillicores }: FoundKnee): number | null {
  return isUnknown(cpuMillicores) ? null : cpuMillicores / millicores;
}

/** Whether so many searches give a line with an interval. */
export function searchesEnough(limits: number, rounds: number): boolean {
  return limits * rounds >= fewestPoints;
}
