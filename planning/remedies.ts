import type { Shortfall } from '../policies/problem';

/** What helps against each limit that no placement keeps, in the words of whoever asked: flags, or keys of a file. */
export type Remedies = Readonly<Record<Shortfall['limit'], string>>;

const moreServers = 'raise --max-servers (with a stack: maxServers in casper:capacity)';
const reachMore = 'raise --max-latency to reach other regions';

/** For commands. */
export const flagRemedies: Remedies = {
  latency: 'raise --max-latency',
  capacity: `${moreServers}, or ${reachMore}`,
  concentration: `raise --max-share (with a stack: maxSharePercent in casper:resilience), or ${reachMore}`,
  headroom: `${moreServers} or --max-latency, or hold less ready: --held-ready limit (with a stack: heldReady in casper:resilience)`,
  static: `${moreServers}, or plan every interval`,
  change: 'raise --max-regions-changed or lower --min-residence',
};
