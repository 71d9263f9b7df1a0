import { carbon } from '../policies/carbon';
import { at, loadsOf } from '../policies/model/matrix';
import type { PlacementProblem } from '../policies/problem';
import { globalProblem, randomNumbers } from './instances';

export const hoursOfYear = 365 * 24;

interface Hours {
  readonly regions: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Plans hours of a year for regions all over the globe, and keeps nothing of them but the sum of requests/s times
 * gCO2e/kWh. What runs in the bench's worker threads.
 */
export default async function planHours({ regions, from, to }: Hours): Promise<number> {
  const base = globalProblem(randomNumbers(1), regions, 150);
  const { place } = carbon({ alpha: 0.9 });
  let carbonSum = 0;
  for (let hour = from; hour < to; hour++) {
    const problem = atHour(base, hour);
    const placement = await place(problem);
    if (placement.kind === 'infeasible') throw new Error(`no placement in hour ${hour}`);
    for (const [region, load] of loadsOf(placement.requests).entries()) {
      carbonSum += load * at(problem.carbonGramsPerKwh, region);
    }
  }
  return carbonSum;
}

/** Every region's requests and carbon rise and fall with the day and the season, each at its own time, and by chance. */
function atHour(base: PlacementProblem, hour: number): PlacementProblem {
  const random = randomNumbers(hour + 1);
  const wave = (periodHours: number, index: number): number =>
    Math.sin(2 * Math.PI * (hour / periodHours + index / 24));
  return {
    ...base,
    requestsPerSecond: base.requestsPerSecond.map((requests, index) =>
      Math.round(requests * (1 + 0.3 * wave(24, index) + 0.1 * (random() - 0.5))),
    ),
    carbonGramsPerKwh: base.carbonGramsPerKwh.map(
      (grams, index) =>
        grams * (1 + 0.25 * wave(24, 3 * index) + 0.2 * wave(hoursOfYear, index) + 0.2 * (random() - 0.5)),
    ),
  };
}
