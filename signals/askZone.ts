import { checkPoints } from './checkPoints';
import { SignalError } from './fault';
import type { Asking, KeptZone } from './keptSignals';
import { covers, endMsOf, merged } from './signalValue';
import type { CarbonSource } from './source';

/** As long as means of an hour of the day are made of. */
const keptMs = 28 * 24 * 3600_000;

/**
 * Asks a source for a zone's values, unless what it answered last still holds, and adds what comes to what is known.
 * A source that fails is no exception here: the asking says what was wrong.
 */
export async function askLatest(
  kept: KeptZone,
  source: CarbonSource,
  zone: string,
  nowMs: number,
): Promise<KeptZone> {
  if (holds(kept.latest, nowMs)) return kept;
  const asked = await ask(kept, () => source.latest(zone), source, zone, nowMs);
  return { ...kept, ...asked.values, latest: asked.asking };
}

/** The same for the values to come, where those are a request of their own. */
export async function askForecast(
  kept: KeptZone,
  source: CarbonSource,
  zone: string,
  nowMs: number,
): Promise<KeptZone> {
  const { forecast } = source;
  if (!forecast || holds(kept.forecastAsking, nowMs)) return kept;
  const asked = await ask(kept, () => forecast(zone), source, zone, nowMs);
  return { ...kept, ...asked.values, forecastAsking: asked.asking };
}

/** An asking that lies ahead was made with another clock. */
function holds(asking: Asking | null, nowMs: number): boolean {
  return asking !== null && asking.atMs <= nowMs && nowMs < asking.untilMs;
}

async function ask(
  kept: KeptZone,
  request: () => ReturnType<CarbonSource['latest']>,
  source: CarbonSource,
  zone: string,
  nowMs: number,
): Promise<{ values: Pick<KeptZone, 'actual' | 'forecast'>; asking: Asking }> {
  try {
    const { points, lifetimeSeconds = 0 } = await request();
    const { actual, forecast, faults } = checkPoints(points, { source, zone, nowMs, known: kept.actual });
    const lifetimeMs = Math.max(source.refreshSeconds, lifetimeSeconds) * 1000;
    const current = [...actual, ...forecast.filter(() => actual.length === 0)].filter((value) =>
      covers(value, nowMs),
    );
    return {
      values: {
        actual: merged(kept.actual, actual).filter(({ start }) => Date.parse(start) >= nowMs - keptMs),
        forecast: (forecast.length > 0 ? forecast : kept.forecast).filter((value) => endMsOf(value) > nowMs),
      },
      asking: {
        atMs: nowMs,
        // The value of a period that is not over stays the value of now: once a zone and period is enough.
        untilMs: Math.max(nowMs + lifetimeMs, ...current.map(endMsOf)),
        newest: actual.at(-1)?.start ?? null,
        faults,
      },
    };
  } catch (error) {
    if (!(error instanceof SignalError)) throw error;
    const { kind, message, retryAtMs = nowMs } = error;
    return {
      values: { actual: kept.actual, forecast: kept.forecast },
      asking: { atMs: nowMs, untilMs: retryAtMs, newest: null, faults: [{ kind, message }] },
    };
  }
}
