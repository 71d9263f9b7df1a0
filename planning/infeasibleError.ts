import type { Infeasible, Shortfall } from '../policies/problem';

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
export function describeInfeasible(interval: string, { shortfalls }: Infeasible): string {
  const lines = shortfalls.map((shortfall) => `  ${describeShortfall(shortfall)}`);
  return `No placement for ${interval} keeps every limit:\n${lines.join('\n')}`;
}

function describeShortfall(shortfall: Shortfall): string {
  if (shortfall.limit === 'latency') {
    const { origin, boundMs, nearestDestination, nearestMs } = shortfall;
    return (
      `latency: ${origin} reaches no region within ${boundMs} ms; the nearest, ${nearestDestination}, takes ${nearestMs} ms, ` +
      `${Number((nearestMs - boundMs).toFixed(3))} ms more; raise --max-latency`
    );
  }
  if (shortfall.limit === 'static') {
    return 'static: no single placement carries every interval; raise --max-servers (with a stack: maxServers in casper:capacity), or plan every interval';
  }
  if (shortfall.limit === 'change') {
    return 'change: no plan is reached with so few regions changed and servers held so long; raise --max-regions-changed or lower --min-residence';
  }
  const { origins, destinations, requestsPerSecondShort } = shortfall;
  if (shortfall.limit === 'concentration') {
    return (
      `concentration: ${origins.join(', ')} send${origins.length === 1 ? 's' : ''} ${requestsPerSecondShort} requests/s more than ` +
      `${destinations.join(', ')} may take, with at most ${shortfall.maxRequestsPerRegion} in each; raise --max-share (with a stack: maxSharePercent in casper:resilience), or raise --max-latency to reach other regions`
    );
  }
  if (shortfall.limit === 'headroom') {
    return (
      `headroom: without ${shortfall.lostRegion}, ${origins.join(', ')} ${origins.length === 1 ? 'sends' : 'send'} ${requestsPerSecondShort} requests/s more than ` +
      `${destinations.join(', ')} can take; raise --max-servers (with a stack: maxServers in casper:capacity) or --max-latency, or hold less ready: --held-ready limit (with a stack: heldReady in casper:resilience)`
    );
  }
  return (
    `capacity: ${origins.join(', ')} send${origins.length === 1 ? 's' : ''} ${requestsPerSecondShort} requests/s more than ` +
    `${destinations.join(', ')} can take, ${shortfall.serversShort} server${shortfall.serversShort === 1 ? '' : 's'} short; raise --max-servers (with a stack: maxServers in casper:capacity), or raise --max-latency to reach other regions`
  );
}
