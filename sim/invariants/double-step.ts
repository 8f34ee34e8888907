// The double step: a pure function answers equal questions with equal answers. What differs names
// the place where time, chance or order leaked in.

/** The path to the first difference of two plain values; null: they are equal. */
export function firstDifference(a: unknown, b: unknown): string | null {
  if (Object.is(a, b)) return null;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return `: ${String(a)} and ${String(b)}`;
  }
  if (isList(a) && isList(b)) return firstUnequal(a, b);
  const keys = Object.keys(a);
  const others = Object.keys(b);
  if (keys.length !== others.length) return `: ${keys.length} and ${others.length} fields`;
  for (const key of keys) {
    if (!Object.hasOwn(b, key)) return `.${key}: only one has it`;
    const [one, other] = [(a as Fields)[key], (b as Fields)[key]];
    const difference = Object.is(one, other) ? null : firstDifference(one, other);
    if (difference !== null) return `.${key}${difference}`;
  }
  return null;
}

type Fields = Record<string, unknown>;
type List = ArrayLike<unknown>;

/** Place by place: the names of a long list's places take longer to make than to compare it. */
function firstUnequal(a: List, b: List): string | null {
  if (a.length !== b.length) return `: ${a.length} and ${b.length} fields`;
  for (let at = 0; at < a.length; at++) {
    const [one, other] = [a[at], b[at]];
    const difference = Object.is(one, other) ? null : firstDifference(one, other);
    if (difference !== null) return `.${at}${difference}`;
  }
  return null;
}

function isList(value: object): value is List {
  return Array.isArray(value) || value instanceof Uint8Array;
}
