import { logLinear } from '../../../../study/forecast/logLinear';
import { regression } from '../../../../study/forecast/regression';
import { normal } from '../normal';

const day = 24;
const week = 7 * day;

/** Three weeks whose hours differ from a day's shape by factors that keep most of the last hour's. */
function series(outage: (hour: number) => boolean = () => false): number[] {
  const random = normal(3);
  let factor = 0;
  return Array.from({ length: 3 * week }, (_, hour) => {
    factor = 0.95 * factor + 0.03 * random();
    return outage(hour) ? 0 : 100 * Math.exp(0.8 * Math.sin((2 * Math.PI * hour) / day) + factor);
  });
}

function errorOf(forecast: typeof logLinear.forecast, values: readonly number[]): number {
  let total = 0;
  for (let hour = 2 * week + day; hour < values.length; hour++) {
    const [expected = NaN] = forecast({ values: values.slice(0, hour), firstHour: 0 }, 1);
    total += Math.abs(Math.log(expected / (values[hour] ?? NaN)));
  }
  return total / (values.length - 2 * week - day);
}

test('where requests differ by factors that last, it is as near as the noise allows', () => {
  const values = series();
  const error = errorOf(logLinear.forecast, values);
  // The mean absolute value of the hour's own noise: nobody foresees that.
  expect(error).toBeLessThan(1.2 * 0.03 * Math.sqrt(2 / Math.PI));
  expect(error).toBeLessThan(errorOf(regression.forecast, values));
});

test('an outage of last week is forecast as a quarter of what is usual at least, and values of 0 break nothing', () => {
  const forecast = (values: readonly number[]): number[] =>
    logLinear.forecast({ values: values.slice(0, 2 * week + 30), firstHour: 0 }, 24);
  const usual = forecast(series());
  const after = forecast(series((hour) => hour > week + 30 && hour <= week + 35));
  for (const [lead, value] of after.entries()) {
    expect(value / (usual[lead] ?? NaN)).toBeGreaterThan(0.2);
    expect(value / (usual[lead] ?? NaN)).toBeLessThan(2);
  }
  expect(forecast(Array<number>(3 * week).fill(0)).every(Number.isFinite)).toBe(true);
});
