// Times as Go's flags write them: "1h2m", "1.5s", "100ms".

const UNITS_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

/** In milliseconds; null: not a duration. */
export function parseGoDuration(text: string): number | null {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return null;
  let value = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)(h|ms|m|s)/g)) {
    value += Number(count) * (UNITS_MS[unit as string] as number);
  }
  return value;
}
