/** A figure that cannot be had, and the words that say why; it stands where the number would, and is never 0. */
export interface Unknown {
  readonly unknown: string;
}

export function isUnknown(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && 'unknown' in value;
}
