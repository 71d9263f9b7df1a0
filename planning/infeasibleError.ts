import type { Infeasible, Shortfall } from '../policies/problem';
import { flagRemedies, type Remedies } from './remedies';

/** No placement keeps every limit; carries the diagnosis. */
export class InfeasibleError extends Error {
  override readonly name = 'InfeasibleError';
  constructor(
    readonly interval: string,
    readonly diagnosis: Infeasible,
  ) {
    super(describeInfeasible(interval, diagnosis));
  }
}

/** The diagnosis in words, one line a shortfall. */
export function describeInfeasible(
  interval: string,
  { shortfalls }: Infeasible,
  remedies: Remedies = flagRemedies,
): string {
  const lines = shortfalls.map(
    (shortfall) => `  ${shortfall.limit}: ${describeShortfall(shortfall)}; ${remedies[shortfall.limit]}`,
  );
  return `No placement for ${interval} keeps every limit:\n${lines.join('\n')}`;
}

function describeShortfall(shortfall: Shortfall): string {
  if (shortfall.limit === 'latency') {
    const { origin, boundMs, nearestDestination, nearestMs } = shortfall;
    return (
      `${origin} reaches no region within ${boundMs} ms; the nearest, ${nearestDestination}, takes ${nearestMs} ms, ` +
      `${Number((nearestMs - boundMs).toFixed(3))} ms more`
    );
  }
  if (shortfall.limit === 'static') return 'no single placement carries every interval';
  if (shortfall.limit === 'change') {
    return 'no plan is reached with so few regions changed and servers held so long';
  }
  const { origins, destinations, requestsPerSecondShort } = shortfall;
  const demand =
    `${origins.join(', ')} send${origins.length === 1 ? 's' : ''} ${requestsPerSecondShort} requests/s more than ` +
    destinations.join(', ');
  if (shortfall.limit === 'concentration') {
    return `${demand} may take, with at most ${shortfall.maxRequestsPerRegion} in each`;
  }
  if (shortfall.limit === 'headroom') return `without ${shortfall.lostRegion}, ${demand} can take`;
  const { serversShort } = shortfall;
  return `${demand} can take, ${serversShort} server${serversShort === 1 ? '' : 's'} short`;
}
