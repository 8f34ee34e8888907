// A pseudo-random generator whose state is data (SplitMix64 in two 32-bit halves would need bigint;
// this is sfc32 with a plain four-word state). Integers and ratios only: no floats leave this file.

export type Prng = Readonly<{ a: number; b: number; c: number; counter: number }>;

/** A generator from 64 bits of seed. Equal seeds give equal streams, for ever. */
export function createPrng(seed: bigint): Prng {
  const low = Number(BigInt.asUintN(32, seed)) | 0;
  const high = Number(BigInt.asUintN(32, seed >> 32n)) | 0;
  let prng: Prng = { a: low, b: high, c: 0x9e3779b9 | 0, counter: 1 };
  for (let round = 0; round < 12; round++) prng = next(prng)[1]; // sfc's own warm-up
  return prng;
}

/** A uniform 32-bit unsigned integer. */
export function next(prng: Prng): readonly [value: number, prng: Prng] {
  const sum = (((prng.a + prng.b) | 0) + prng.counter) | 0;
  const a = prng.b ^ (prng.b >>> 9);
  const b = (prng.c + (prng.c << 3)) | 0;
  const c = (((prng.c << 21) | (prng.c >>> 11)) + sum) | 0;
  return [sum >>> 0, { a, b, c, counter: (prng.counter + 1) | 0 }];
}

/** A uniform integer in [0, limit), without modulo bias worth speaking of for limits below 2^20. */
export function below(prng: Prng, limit: number): readonly [value: number, prng: Prng] {
  const [value, rest] = next(prng);
  return [value % limit, rest];
}
