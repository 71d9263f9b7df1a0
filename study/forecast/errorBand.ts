import { at } from '../../policies/model/matrix';

/** What the actual value is expected to lie between, over the forecast. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

/** Four weeks of errors. */
const keptErrors = 28 * 24;
/** A band from fewer errors would be a guess. */
const minErrors = 7 * 24;
/** How far an end of the band moves, as a share of the band's width, when a value lies beyond it. */
const step = 0.05;

/**
 * A prediction interval for one series at one lead, learnt hour by hour from what earlier forecasts were off by: two
 * quantiles of the past errors, each moved outwards by a step where a value lay beyond it, and inwards by a little
 * where none did. In the long run the wanted share of values lies inside, whatever the errors are distributed like and
 * however that changes (conformal quantile tracking: Gibbs and Candes 2021; Angelopoulos, Candes and Tibshirani 2023).
 */
export class ErrorBand {
  /** Actual over forecast, in order of time. */
  private readonly ratios: number[] = [];
  private readonly tail: number;
  /** How far the ends are moved outwards, in widths of the band. */
  private below = 0;
  private above = 0;

  /**
   * @param share of values that should lie inside, 0 to 1
   * @param leadHours how far ahead its forecasts look
   */
  constructor(
    share: number,
    private readonly leadHours: number,
  ) {
    this.tail = (1 - share) / 2;
  }

  /** The band for a forecast that is made now; null while too few errors are known. */
  now(): Band | null {
    if (this.ratios.length < minErrors) return null;
    const sorted = [...this.ratios].sort((one, other) => one - other);
    // Forecasts so many hours ahead have as many hours of their errors in common, so n errors say what n / lead
    // independent ones do; of m, the quantile (1 - tail)(1 + 1/m) holds the next (split conformal: Vovk 2005).
    const upTo = Math.min(1, (1 - this.tail) * (1 + this.leadHours / sorted.length));
    const [low, high] = [quantileAt(sorted, 1 - upTo), quantileAt(sorted, upTo)];
    const width = high - low;
    return { low: Math.max(0, low - this.below * width), high: high + this.above * width };
  }

  /**
   * Learns from an hour that has passed.
   * @param ratio actual over forecast
   * @param band what `now` gave when that forecast was made
   */
  learn(ratio: number, band: Band | null): void {
    if (band) {
      this.below += step * (Number(ratio < band.low) - this.tail);
      this.above += step * (Number(ratio > band.high) - this.tail);
    }
    this.ratios.push(ratio);
    if (this.ratios.length > keptErrors) this.ratios.shift();
  }
}

/** The value at a share of the way through sorted values, between the two next to it. */
export function quantileAt(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(sorted.length - 1, below + 1);
  return at(sorted, below) + (position - below) * (at(sorted, above) - at(sorted, below));
}
