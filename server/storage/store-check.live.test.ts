// Files that LMDB wrote, whole and harmed.

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Index, KvWrite } from "../../core/contract.ts";
import { fromText } from "../../core/lib/bytes.ts";
import { createPrng, next } from "../../core/lib/prng.ts";
import { LmdbKv } from "./lmdb-kv.ts";
import { findDamage } from "./store-check.ts";
import type { Outcome } from "./store-harm.ts";

const HARMED = Number(process.env["DETCD_HARMED_STORES"] ?? 25);
const HARM = pathToFileURL(join(import.meta.dirname, "store-harm.ts")).href;

let root = "";
beforeAll(() => {
  root = fs.mkdtempSync(join(tmpdir(), "detcd-check-"));
});
afterAll(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

/** Three levels, large values, and free pages in lists short and long. */
async function fill(directory: string, rounds: number, check: () => void): Promise<void> {
  const kv = new LmdbKv(directory, {
    onDone: () => undefined,
    onFailure: (error) => expect.unreachable(error.message),
  });
  let prng = createPrng(7n);
  const below = (limit: number): number => {
    const [value, rest] = next(prng);
    prng = rest;
    return value % limit;
  };
  for (let round = 1; round <= rounds; round++) {
    const writes: KvWrite[] = [];
    for (let each = 0; each < 200; each++) {
      const key = fromText(String(below(3000)).padStart(1 + below(40), "k"));
      const value = new Uint8Array(below(below(30) === 0 ? 30_000 : 150));
      if (below(5) < 2) writes.push({ kind: "delete", table: "keys", key });
      else writes.push({ kind: "put", table: "keys", key, value });
    }
    kv.apply(round as Index, writes);
    await kv.idle();
    check();
  }
  await kv.close();
}

describe("a store's file", () => {
  it("is sound at every commit, however pages come and go", async () => {
    const directory = join(root, "grown");
    await fill(directory, 40, () => {
      expect(findDamage(join(directory, "data.mdb"))).toBeNull();
    });
  });

  it("is refused when it is cut off anywhere, or is none at all", async () => {
    const path = join(root, "grown", "data.mdb");
    const whole = fs.readFileSync(path);
    const cut = join(root, "cut.mdb");
    for (const length of [
      1,
      100,
      4096,
      5000,
      8192,
      50_000,
      whole.length / 2,
      whole.length - 4096,
    ]) {
      fs.writeFileSync(cut, whole.subarray(0, length));
      expect(findDamage(cut)).toMatch(/cut off/);
    }
    fs.writeFileSync(cut, "this is no store".repeat(1000));
    expect(findDamage(cut)).toBe("its meta page 0 is none of LMDB's");
    fs.writeFileSync(cut, "");
    expect(findDamage(cut)).toBeNull(); // a new one: recovery of the log knows whether it may be
  });

  it(`is refused in a sentence or can be used, harmed in any way (${HARMED} of them)`, async () => {
    const store = join(root, "harmed");
    await fill(store, 12, () => undefined);
    const script = `import { harmStores } from ${JSON.stringify(HARM)};
      await harmStores(...process.argv.slice(1, 2), ...process.argv.slice(2).map(Number));`;
    const args = ["--input-type=module", "-e", script, "--", store, "1", String(HARMED)];
    const ran = spawnSync(process.execPath, args, { encoding: "utf8" });
    const outcomes = ran.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Outcome);
    expect(ran, outcomes.at(-1)?.harm).toMatchObject({ signal: null, status: 0, stderr: "" });
    expect(outcomes).toHaveLength(HARMED);
    const refusals = outcomes.flatMap(({ refusal }) => (refusal === null ? [] : [refusal]));
    expect(refusals.length).toBeGreaterThan(HARMED / 3);
    for (const refusal of refusals) expect(refusal).toMatch(/^the store .* is damaged: .*detcd/);
  });
});
