// The double step: a pure function answers equal questions with equal answers. What differs names
// the place where time, chance or order leaked in.

/** The path to the first difference of two plain values; null: they are equal. */
export function firstDifference(a: unknown, b: unknown, path = ""): string | null {
  if (Object.is(a, b)) return null;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return `${path}: ${String(a)} and ${String(b)}`;
  }
  const keys = Object.keys(a);
  const others = Object.keys(b);
  if (keys.length !== others.length) return `${path}: ${keys.length} and ${others.length} fields`;
  for (const key of keys) {
    if (!Object.hasOwn(b, key)) return `${path}.${key}: only one has it`;
    const difference = firstDifference(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      `${path}.${key}`,
    );
    if (difference !== null) return difference;
  }
  return null;
}
