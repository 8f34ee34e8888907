// The word somebody probably meant: the nearest by edit distance or a shared beginning, when it is
// near at all.

/** So many letters say what is meant. */
const BEGINNING = 3;

export function nearest<T extends string>(word: string, candidates: readonly T[]): T | null {
  let best: T | null = null;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const isLong = Math.min(word.length, candidate.length) >= BEGINNING;
    const begins = isLong && (word.startsWith(candidate) || candidate.startsWith(word));
    const distance = begins ? 1 : editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, replace));
    }
    row = next;
  }
  return row[b.length] as number;
}
