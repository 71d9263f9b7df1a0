import { at, loadsOf } from './arrays';
import type { Before, Decision } from './problem';

/** What runs once a placement was made real. */
export function after(before: Before | undefined, { servers, requests }: Decision): Before {
  const started = servers.map((count, destination) =>
    before ? Math.max(0, count - at(before.servers, destination)) : 0,
  );
  return { servers, loads: loadsOf(requests), started: [started, ...(before?.started ?? [])] };
}
