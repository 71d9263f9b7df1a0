import { ForecastError, type Forecaster } from './forecaster';
import { combined } from './combined';
import { holtWinters } from './holtWinters';
import { logLinear } from './logLinear';
import { regression } from './regression';
import { seasonalNaive } from './seasonalNaive';

/** Every forecaster by the name that commands know it by. */
export const forecasters: Readonly<Record<string, Forecaster>> = {
  'naive-day': seasonalNaive(24),
  'naive-week': seasonalNaive(7 * 24),
  'holt-winters': holtWinters,
  regression,
  combined,
  'log-linear': logLinear,
};

/** @throws ForecastError for a name that none has */
export function forecasterNamed(name: string): Forecaster {
  const forecaster = forecasters[name];
  if (forecaster) return forecaster;
  throw new ForecastError(
    `Unknown forecast ${name}; expected one of: ${Object.keys(forecasters).join(', ')}`,
  );
}
