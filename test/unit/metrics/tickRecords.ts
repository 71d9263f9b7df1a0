import type { TickRecord } from '../../../live/tickRecord';
import type { UsedCarbon, UsedDemand } from '../../../live/usedValues';

export const carbon = (gramsPerKwh: number, of: Partial<UsedCarbon> = {}): UsedCarbon => ({
  ...{ gramsPerKwh, from: 'source', source: 'maps', zone: 'Z', method: 'average', basis: 'measured' },
  ...{ start: '2026-08-13T12:00:00Z', fetchedAt: '2026-08-13T12:20:00Z', ageSeconds: 0 },
  ...of,
});

export const demand = (requestsPerSecond: number, of: Partial<UsedDemand> = {}): UsedDemand => ({
  ...{ requestsPerSecond, from: 'measured', ageSeconds: 0, measured: requestsPerSecond },
  ...of,
});

/** A tick that went well: two regions, all of one's requests and a quarter of the other's at the cleaner one. */
export const applied: TickRecord = {
  ...{ at: '2026-08-13T12:20:00.000Z', interval: '2026-08-13T12:00:00Z', intervalSeconds: 3600 },
  ...{ why: 'the interval begins', outcome: 'applied', heldBy: null, reasons: [], guarded: [] },
  values: {
    carbon: { clean: carbon(100), dirty: carbon(500, { zone: 'Y', ageSeconds: 600 }) },
    demand: { clean: demand(40), dirty: demand(80, { from: 'lastKnown', ageSeconds: 60 }) },
    faults: ['dirty: stale: maps'],
  },
  plan: {
    ...{ interval: '2026-08-13T12:00:00Z', policy: 'carbon' },
    regions: {
      clean: { servers: 6, cpuMillicores: 61, standbyMillicores: 20 },
      dirty: { servers: 6, cpuMillicores: 61 },
    },
    weights: { clean: { clean: 1 }, dirty: { clean: 1, dirty: 3 } },
    requestsPerSecond: { clean: 40, dirty: 80 },
  },
  ...{ planSeconds: 1.5, applied: { changes: 3, seconds: 12 } },
};

const nothing = { guarded: [], plan: null, planSeconds: null, applied: null } as const;

export const failed: TickRecord = {
  ...{ ...applied, ...nothing, at: '2026-08-13T13:00:00.000Z', interval: '2026-08-13T13:00:00Z' },
  ...{ outcome: 'failed', reasons: ['the API server is away'], values: null },
};

export const held: TickRecord = {
  ...{ ...applied, ...nothing, at: '2026-08-13T13:00:00.000Z', interval: '2026-08-13T13:00:00Z' },
  ...{ outcome: 'held', heldBy: 'data', reasons: ['carbon intensity of dirty: no value'], planSeconds: 0.5 },
  values: {
    carbon: { clean: carbon(100), dirty: { missing: 'no value' } },
    demand: { clean: demand(40), dirty: { missing: 'no rate' } },
    faults: [],
  },
};
