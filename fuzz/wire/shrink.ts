// The fewest rounds that still do harm, by leaving out the larger parts first.

export async function fewest(
  rounds: readonly number[],
  harms: (some: readonly number[]) => Promise<boolean>,
  isTime: () => boolean,
): Promise<readonly number[]> {
  let best = rounds;
  for (let size = Math.ceil(best.length / 2); size >= 1 && !isTime(); size = Math.floor(size / 2)) {
    for (let from = best.length - size; from >= 0 && !isTime(); from -= size) {
      const some = best.toSpliced(from, size);
      if (some.length > 0 && (await harms(some))) best = some;
    }
  }
  return best;
}
