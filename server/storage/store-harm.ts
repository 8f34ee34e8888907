// For tests: harms a copy of a store's file at random, then opens and uses it. It is refused in a
// sentence, or it works, or it has lost what was in it; but nothing that was harmed ends the
// process by a signal. So this runs in a process of its own.

import * as fs from "node:fs";
import { join } from "node:path";
import type { Bytes, Index, KvWrite } from "../../core/contract.ts";
import { ABOVE_ALL, EMPTY } from "../../core/lib/bytes.ts";
import { createPrng, next, type Prng } from "../../core/lib/prng.ts";
import { OperatorError } from "../causes.ts";
import { LmdbKv } from "./lmdb-kv.ts";
import { prepareStore } from "./store-open.ts";

export type Outcome = Readonly<{ seed: number; harm: string; refusal: string | null }>;

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;
const IN_HEADERS = 160; // a meta page's, or a header and the first slots

/** Prints one Outcome for each seed, as a line of JSON. */
export async function harmStores(store: string, first: number, count: number): Promise<void> {
  const copy = `${store}-harmed`;
  for (let seed = first; seed < first + count; seed++) {
    fs.rmSync(copy, { recursive: true, force: true });
    fs.cpSync(store, copy, { recursive: true });
    const harm = harmFile(join(copy, "data.mdb"), seed);
    const refusal = await useStore(copy);
    process.stdout.write(`${JSON.stringify({ seed, harm, refusal } satisfies Outcome)}\n`);
  }
}

/** Says what it did. */
function harmFile(path: string, seed: number): string {
  let prng: Prng = createPrng(BigInt(seed));
  const below = (limit: number): number => {
    const [value, rest] = next(prng);
    prng = rest;
    return value % limit;
  };
  const bytes = fs.readFileSync(path);
  const pages = bytes.length / PAGE_BYTES;
  const page = (below(4) === 0 ? below(2) : below(pages)) * PAGE_BYTES;
  const at = page + below(below(2) === 0 ? IN_HEADERS : PAGE_BYTES);
  switch (below(6)) {
    case 0: {
      const length = below(bytes.length);
      fs.truncateSync(path, length);
      return `cut off at ${length}`;
    }
    case 1: {
      const sector = at - (at % SECTOR_BYTES);
      fs.writeFileSync(path, bytes.fill(0, sector, sector + SECTOR_BYTES));
      return `zeros for the sector at ${sector}`;
    }
    case 2: {
      const other = below(pages) * PAGE_BYTES;
      bytes.copyWithin(page, other, other + PAGE_BYTES);
      fs.writeFileSync(path, bytes);
      return `page at ${other} over that at ${page}`;
    }
    case 3: {
      for (let each = at; each < Math.min(at + 8, bytes.length); each++) bytes[each] = below(256);
      fs.writeFileSync(path, bytes);
      return `eight bytes at ${at}`;
    }
    default: {
      const bit = below(8);
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      fs.writeFileSync(path, bytes);
      return `bit ${bit} at ${at}`;
    }
  }
}

/** Reads everything, and writes so much that pages are taken, freed and merged. */
async function useStore(directory: string): Promise<string | null> {
  let failure: Error | null = null;
  try {
    prepareStore(directory);
    const kv = new LmdbKv(directory, {
      onDone: () => undefined,
      onFailure: (error) => (failure ??= error),
    });
    for (let round = 1; round <= 4; round++) {
      const writes: KvWrite[] = [];
      for (const [key, value] of kv.reader.scan("keys", EMPTY, ABOVE_ALL)) {
        const changed = (key.charCodeAt(key.length - 1) + round) % 3;
        if (changed === 0) writes.push({ kind: "delete", table: "keys", key });
        else if (changed === 1) {
          const longer = new Uint8Array(value.length + 40 * round);
          writes.push({ kind: "put", table: "keys", key: `${key}+` as Bytes, value: longer });
        }
      }
      kv.apply(round as Index, writes);
      await kv.idle();
    }
    await kv.close();
  } catch (error) {
    if (error instanceof OperatorError) return error.message;
    throw error;
  }
  return failure === null ? null : (failure as Error).message;
}
