import type { Remedies } from '../planning/remedies';
import type { ForecastRemedies } from './forecast/forecaster';

/** What helps where a policy has no result over a trace, in the words of whoever asked. */
export interface RunWords {
  /** How the folder of the trace is named. */
  readonly folder: string;
  readonly limits: Remedies;
  readonly forecast: ForecastRemedies;
  /** Where a policy could be let break limits, and is not; null where there is no way to ask for that. */
  readonly leastViolation: string | null;
  /** Where no week lies before the range to learn from. */
  readonly learn: string;
}

const moreRoom = 'raise servers, or boundsMs to reach other regions';

/** In keys of a study file. */
export const studyWords: RunWords = {
  folder: 'as data of the study or folder of the experiment',
  limits: {
    latency: 'raise boundsMs',
    capacity: moreRoom,
    // A study limits neither: these cannot be what is missing.
    concentration: moreRoom,
    headroom: moreRoom,
    static: 'raise servers, or take a policy that plans every hour',
    change: 'lower minResidenceIntervals',
  },
  forecast: {
    short: 'begin later (from), or take another of the forecasts',
    holes: 'fill holes, or choose another range (from, to)',
    notFinite: 'take another of the forecasts',
  },
  leastViolation: 'leastViolation: true breaks as little as can be',
  learn: 'begin later (from), or raise learnFromWeeks',
};
