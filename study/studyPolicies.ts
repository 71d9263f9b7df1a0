/** Policies that a study can take over a trace: those of policies/ that decide intervals or a range, and static-learnt. */
export const tracePolicies = [
  'carbon',
  'latency',
  'replay',
  'static',
  'static-learnt',
  'horizon',
  'oracle',
] as const;

/** Policies that place work in grid zones: EuroSys'24's, and the proven optimum. */
export const zonePolicies = ['greedy', 'exact'] as const;

/** The policies that plan from forecasts where a study asks for them; the others see the truth, or the past alone. */
export const forecastingPolicies: ReadonlySet<string> = new Set(['carbon', 'horizon']);

/** What savings are stated against: a saving against one of them alone says little. */
export const studyBaselines = ['latency', 'replay', 'static', 'static-learnt'] as const;
