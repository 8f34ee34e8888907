// A server's /metrics, as numbers; and what a histogram in them counted between two looks. A bucket
// knows an upper bound only: so a share of steps was "at most" so long.

const PATIENCE_MS = 30_000;

/** By name and labels, as they are written. */
export type Metrics = ReadonlyMap<string, number>;

/** The counts of buckets, not summed up, by their upper bounds in ascending order. */
export type Histogram = readonly (readonly [boundSeconds: number, count: number])[];

/** Nothing of one that does not answer. */
export async function readMetrics(endpoint: string): Promise<Metrics> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const text = await fetch(`http://${endpoint}/metrics`, { signal }).then(
    (answer) => answer.text(),
    () => "",
  );
  return parseMetrics(text);
}

export function parseMetrics(text: string): Metrics {
  const lines = text.matchAll(/^([a-zA-Z_:][\w:]*(?:\{[^\n]*\})?) (\S+)$/gm);
  return new Map([...lines].map(([, name = "", value]) => [name, numberOf(value)]));
}

export function histogramOf(metrics: Metrics, name: string): Histogram {
  const buckets: (readonly [number, number])[] = [];
  let below = 0;
  for (const [key, upTo] of metrics) {
    const bound = key.startsWith(`${name}_bucket`) ? /le="([^"]+)"/.exec(key)?.[1] : undefined;
    if (bound === undefined) continue;
    buckets.push([numberOf(bound), upTo - below]);
    below = upTo;
  }
  return buckets;
}

/** What was counted since. All of it, where `before` is of another life of the process. */
export function since(before: Histogram, after: Histogram): Histogram {
  const counts = new Map(before);
  const difference = after.map(
    ([bound, count]) => [bound, count - (counts.get(bound) ?? 0)] as const,
  );
  return difference.some(([, count]) => count < 0) ? after : difference;
}

/** The bound that this share of what was counted does not exceed. */
export function boundOf(histogram: Histogram, share: number): number {
  const all = histogram.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return Number.NaN;
  const rank = Math.max(1, Math.ceil(share * all));
  let upTo = 0;
  for (const [bound, count] of histogram) {
    upTo += count;
    if (upTo >= rank) return bound;
  }
  return Number.NaN;
}

function numberOf(text = ""): number {
  return text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
}
