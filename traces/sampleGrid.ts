/** What a grid generates, as shares of its mean demand; gas and coal generate what is left. */
export interface Grid {
  readonly nuclear: number;
  readonly hydro: number;
  readonly meanWind: number;
  /** At noon of a day without clouds. */
  readonly solarPeak: number;
  /** From sunrise to sunset, in January. */
  readonly daylightHours: number;
  /** Of what gas and coal generate together. */
  readonly coalShare: number;
}

/** gCO2e/kWh over the life cycle: medians of IPCC AR5, working group III, annex III, table A.III.2. */
const lifeCycleGramsPerKwh = { coal: 820, gas: 490, solar: 48, hydro: 24, nuclear: 12, wind: 11 };

/** What differs from the mean in one hour: demand by so much; wind and sun by a factor. */
export interface Weather {
  readonly demandDeviation: number;
  readonly windFactor: number;
  readonly sunFactor: number;
}

/**
 * Carbon intensity of what a grid generates in an hour: as much of what burns nothing as is demanded, and the rest by
 * gas and coal.
 */
export function gramsPerKwh(grid: Grid, localHour: number, weather: Weather): number {
  const demand = demandShape(localHour) + weather.demandDeviation;
  const nuclear = grid.nuclear;
  const hydro = grid.hydro;
  const wind = grid.meanWind * Math.max(0.1, weather.windFactor);
  const solar = grid.solarPeak * sunShape(localHour, grid.daylightHours) * Math.min(1, weather.sunFactor);
  const available = nuclear + hydro + wind + solar;
  const burnt = Math.max(0, demand - available);
  const used = Math.min(1, demand / available);
  const each = lifeCycleGramsPerKwh;
  const burntGrams = burnt * (grid.coalShare * each.coal + (1 - grid.coalShare) * each.gas);
  const cleanGrams =
    used * (nuclear * each.nuclear + hydro * each.hydro + wind * each.wind + solar * each.solar);
  return (burntGrams + cleanGrams) / demand;
}

/** 1 when the sun is highest, 0 from sunset to sunrise. */
function sunShape(localHour: number, daylightHours: number): number {
  const fromNoon = ((localHour + 24) % 24) - 12.5;
  return Math.abs(fromNoon) < daylightHours / 2 ? Math.cos((Math.PI * fromNoon) / daylightHours) : 0;
}

/** Demand for electricity, lowest before dawn, with a crest in the morning and a higher one in the evening. */
function demandShape(localHour: number): number {
  return 1 + 0.14 * wave(localHour, 17, 1) + 0.07 * wave(localHour, 8, 2);
}

/** One cosine wave a day, or several, with its crest at `crestHour`; its mean is 0. */
export function wave(localHour: number, crestHour: number, wavesPerDay: number): number {
  return Math.cos((2 * Math.PI * wavesPerDay * (localHour - crestHour)) / 24);
}
