// Kubernetes' serialisation of amounts: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;

const POWERS_OF_TEN: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const POWERS_OF_1024: Record<string, bigint> = { Ki: 1n, Mi: 2n, Gi: 3n, Ti: 4n, Pi: 5n, Ei: 6n };

/** Smallest amount that Kubernetes keeps apart: 1e-9. */
const DECIMALS = 9;

/** True where both texts are amounts and the same amount: `1000m` and `1`, `1Gi` and `1024Mi`. */
export function sameQuantity(a: string, b: string): boolean {
  const first = nanos(a);
  return first !== undefined && first === nanos(b);
}

/** An amount in 1e-9 units, rounded up as Kubernetes does; undefined where the text is none. */
function nanos(text: string): bigint | undefined {
  const match = QUANTITY.exec(text);
  const [, sign = '', whole = '', fraction = '', exponent, suffix = ''] = match ?? [];
  if (!match || whole + fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const power =
    (exponent ? Number(exponent.slice(1)) : (POWERS_OF_TEN[suffix] ?? 0)) - fraction.length + DECIMALS;
  if (Math.abs(power) > 40) return undefined;
  const factor = 1024n ** (POWERS_OF_1024[suffix] ?? 0n);
  const scaled = digits * factor;
  const value = power >= 0 ? scaled * 10n ** BigInt(power) : ceilDivide(scaled, 10n ** BigInt(-power));
  return sign === '-' ? -value : value;
}

function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
