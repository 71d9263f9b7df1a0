import type { SignalValue } from './signalValue';

/** What can be wrong with what a source answers; docs/signals.md says what is done about each. */
export const faultKinds = [
  // Of one value.
  'null',
  'not a number',
  'zero',
  'negative',
  'implausible',
  'jump',
  'duplicated',
  'out of order',
  'from the future',
  'stuck',
  'stale',
  // Of a whole answer.
  'other zone',
  'other unit',
  'other method',
  'other shape',
  'no values',
  'HTML',
  'torn',
  'too long',
  'wrong clock',
  // Of the asking.
  'no content',
  'unauthorised',
  'not in the plan',
  'not found',
  'gone',
  'rate limited',
  'refused',
  'redirected',
  'server error',
  'slow',
  'unreachable',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** Something that is wrong with a zone's data, in words that name the place, the value and what was expected. */
export interface Fault {
  readonly kind: FaultKind;
  readonly message: string;
}

/** A fault of one value. */
export function faultOf(
  kind: FaultKind,
  { source, zone, start }: Pick<SignalValue, 'source' | 'zone' | 'start'>,
  what: string,
): Fault {
  return { kind, message: `${source}, zone ${zone}, ${start}: ${what}` };
}

/** A source that gives no usable answer. */
export class SignalError extends Error implements Fault {
  override readonly name = 'SignalError';

  /** @param retryAtMs before when the source does not want to be asked again */
  constructor(
    readonly kind: FaultKind,
    message: string,
    readonly retryAtMs?: number,
  ) {
    super(message);
  }
}

/** Signals that cannot be read with this stack file and environment, whatever the sources answer. */
export class SignalsConfigError extends Error {
  override readonly name = 'SignalsConfigError';
}
