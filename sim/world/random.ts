// Fates: content-keyed chance. The fate of a thing is a function of the seed and of what the thing
// *is* (which message from whom to whom, which attempt), never of how many draws came before.
// Deleting one event therefore leaves every other fate as it was, so that schedules shrink and
// seeds survive refactorings of the simulator.

export type Key = number | bigint | string;

export interface Fates {
  /** A uniform integer in [0, limit), limit ≤ 2^32. */
  readonly below: (limit: number, ...what: readonly Key[]) => number;
  /** True in `numerator` of `denominator` cases. Integers only: no float decides anything. */
  readonly chance: (numerator: number, denominator: number, ...what: readonly Key[]) => boolean;
  /** As `below(2^32, …)`, for who has a list at hand. */
  readonly bits32: (what: readonly Key[]) => number;
  /** 64 bits. */
  readonly bits64: (...what: readonly Key[]) => bigint;
}

export function createFates(seed: number): Fates {
  const draw = (what: readonly Key[], lane: number): number => {
    let hash = mix((seed ^ Math.imul(lane, 0x9e3779b1)) >>> 0, what.length);
    for (const key of what) hash = mixKey(hash, key);
    return finish(hash);
  };
  const below: Fates["below"] = (limit, ...what) => draw(what, 0) % limit;
  return {
    below,
    chance: (numerator, denominator, ...what) => below(denominator, ...what) < numerator,
    bits32: (what) => draw(what, 0),
    bits64: (...what) => (BigInt(draw(what, 1)) << 32n) | BigInt(draw(what, 2)),
  };
}

/** A further draw in [0, limit) about the same thing, from a draw of 32 bits: one lane, one
 *  question. */
export function derive(fate: number, lane: number, limit: number): number {
  return finish(mix(fate, lane)) % limit;
}

function mixKey(hash: number, key: Key): number {
  if (typeof key === "number") return mix(mix(hash, key | 0), Math.floor(key / 0x100000000));
  if (typeof key === "bigint") {
    const low = Number(BigInt.asUintN(32, key));
    return mix(mix(hash, low), Number(BigInt.asUintN(32, key >> 32n)));
  }
  let mixed = mix(hash, key.length);
  for (let at = 0; at < key.length; at++) mixed = mix(mixed, key.charCodeAt(at));
  return mixed;
}

/** One round of MurmurHash3 (32 bit). */
function mix(hash: number, word: number): number {
  let k = Math.imul(word | 0, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** MurmurHash3's finalizer: every bit of the input moves every bit of the answer. */
function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
