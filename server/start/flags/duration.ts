// Times as Go's flags write them: "1h2m", "1.5s", "100ms", "-1s".

const UNITS_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ns: 1e-6,
};
const PART = /(\d+\.?\d*|\.\d+)(h|ms|us|\u00b5s|\u03bcs|ns|m|s)/g;

/** In milliseconds; null: not a duration. */
export function parseGoDuration(text: string): number | null {
  const unsigned = text.replace(/^[-+]/, "");
  if (unsigned === "0") return 0;
  if (unsigned === "" || unsigned.replaceAll(PART, "") !== "") return null;
  let value = 0;
  for (const [, count, unit] of unsigned.matchAll(PART)) {
    value += Number(count) * (UNITS_MS[unit as string] as number);
  }
  return text.startsWith("-") ? -value : value;
}
