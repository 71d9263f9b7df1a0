import type { Decision, InitialState } from '../problem';
import { at, loadsOf } from './matrix';

/** The state after a decision is applied. */
export function stateAfter(before: InitialState | undefined, { servers, requests }: Decision): InitialState {
  const started = servers.map((count, destination) =>
    before ? Math.max(0, count - at(before.servers, destination)) : 0,
  );
  return { servers, loads: loadsOf(requests), started: [started, ...(before?.started ?? [])] };
}
