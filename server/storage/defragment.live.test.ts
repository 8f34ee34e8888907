// Room is given back by a copy without free pages that takes the store's place. Whatever goes wrong
// on the way, and wherever the process ends, everything reported is there, in one store.

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Bytes, Index, KvWrite } from "../../core/contract.ts";
import { ABOVE_ALL, EMPTY } from "../../core/lib/bytes.ts";
import { defragmentAtStart } from "./defragment-at-start.ts";
import { KvStore } from "./kv-store.ts";
import type { Boundary, KvEvents } from "./lmdb-kv.ts";

const BOUNDARIES: readonly Boundary[] = ["paused", "copied", "synced", "opened", "pointed"];
const MODULE = join(import.meta.dirname, "../../dist/server/storage/kv-store.js");
const BIG_BYTES = 2_000_000;

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "detcd-defragment-"));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function put(key: string, value: Uint8Array = new Uint8Array(1)): KvWrite {
  return { kind: "put", table: "keys", key: key as Bytes, value };
}

function open(more: Partial<KvEvents> = {}, pausedBytesMax = 2 ** 20): KvStore {
  const events = { onDone: () => undefined, onFailure: fail, ...more };
  return new KvStore(directory, events, { pausedBytesMax });
}

function fail(error: Error): never {
  throw error;
}

/** Two keys, and the room that a third one had. */
async function openHollow(more: Partial<KvEvents> = {}): Promise<KvStore> {
  const store = open(more);
  store.apply(1 as Index, [put("a"), put("big", new Uint8Array(BIG_BYTES)), put("b")]);
  await store.idle();
  store.apply(2 as Index, [{ kind: "delete", table: "keys", key: "big" as Bytes }]);
  await store.idle();
  expect(store.reader.sizeBytes()).toBeGreaterThan(BIG_BYTES);
  return store;
}

function keysIn(store: KvStore): string {
  return Array.from(store.reader.scan("keys", EMPTY, ABOVE_ALL), ([key]) => key).join("");
}

function storesIn(): readonly string[] {
  return fs.readdirSync(directory).filter((name) => name.startsWith("kv-"));
}

describe("a start", () => {
  it("gives room back where that is enough to be worth it, and says so", async () => {
    const store = await openHollow();
    const said: string[] = [];
    const log = (_level: string, words: string): void => void said.push(words);
    await defragmentAtStart(store, 0, log);
    await defragmentAtStart(store, 100, log);
    expect(store.reader.sizeBytes()).toBeGreaterThan(BIG_BYTES);
    await defragmentAtStart(store, 1, log);
    expect(store.reader.sizeBytes()).toBeLessThan(BIG_BYTES);
    expect(said).toEqual([
      "Skipping defragmentation",
      "starting defragment",
      "finished defragment",
    ]);
    expect(keysIn(store)).toBe("ab");
    await store.close();
  });
});

describe("a defragmentation", () => {
  it("gives room back, reports what came meanwhile, and leaves one store", async () => {
    const done: number[] = [];
    const store = await openHollow({ onDone: (applied) => done.push(applied) });
    const before = store.reader.sizeInUseBytes();
    const running = store.defragment();
    store.apply(3 as Index, [put("c")]);
    expect(await running).toBe(null);
    await store.idle();
    expect(done.at(-1)).toBe(3);
    expect(keysIn(store)).toBe("abc");
    expect(store.reader.sizeBytes()).toBeLessThan(BIG_BYTES / 4);
    expect(store.reader.sizeInUseBytes()).toBeLessThanOrEqual(before * 2);
    await store.close();
    expect(storesIn()).toEqual(["kv-2"]);
  });

  it("leaves what is being read until it is let go", async () => {
    const store = await openHollow();
    const image = store.image();
    expect(await store.defragment()).toBe(null);
    store.apply(3 as Index, [put("c")]);
    await store.idle();
    const seen = Array.from(image.reader.scan("keys", EMPTY, ABOVE_ALL), ([key]) => key).join("");
    expect(seen).toBe("ab");
    expect(storesIn()).toEqual(["kv-1", "kv-2"]);
    image.release();
    await store.close();
    expect(storesIn()).toEqual(["kv-2"]);
  });

  it.each(BOUNDARIES.slice(0, -1))(
    "that fails once it is %s leaves the store as it was",
    async (at) => {
      const store = await openHollow({
        onBoundary: (boundary) => {
          if (boundary === at) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
        },
      });
      const running = store.defragment();
      store.apply(3 as Index, [put("c")]);
      expect(await running).toMatch(
        /^copy the key-value store without its free pages into .*kv-2: /,
      );
      await store.idle();
      expect(keysIn(store)).toBe("abc");
      expect(storesIn()).toEqual(["kv-1"]);
      await store.close();
      const again = open();
      expect(keysIn(again)).toBe("abc");
      await again.close();
    },
  );

  it("ends the process where nobody knows which store a power cut would leave", async () => {
    let failure = "";
    const store = await openHollow({
      onFailure: (error) => (failure = error.message),
      onBoundary: (boundary) => {
        if (boundary === "pointed") throw new Error("input/output error");
      },
    });
    await store.defragment();
    expect(failure).toMatch(/^sync .*current: input\/output error/);
    await store.close();
  });

  it("is given up when the server stops, or when too much is written meanwhile", async () => {
    const store = await openHollow();
    const running = store.defragment();
    store.apply(3 as Index, [put("c", new Uint8Array(2 ** 20))]);
    expect(await running).toMatch(/^more than 1 MiB were written meanwhile/);
    await store.idle();
    const stopped = store.defragment();
    store.apply(4 as Index, [put("d")]);
    await store.close();
    expect(await stopped).toBe("the server stops");
    const again = open();
    expect(keysIn(again)).toBe("abcd");
    await again.close();
    expect(storesIn()).toEqual(["kv-1"]);
  });

  it.each(BOUNDARIES)("whose process is killed once it is %s has lost nothing", async (at) => {
    await (await openHollow()).close();
    const script = `
      const { KvStore } = await import(${JSON.stringify(MODULE)});
      const store = new KvStore(${JSON.stringify(directory)}, {
        onDone: (applied) => console.log(applied),
        onFailure: (error) => { throw error; },
        onBoundary: (at) => { if (at === "${at}") process.kill(process.pid, "SIGKILL"); },
      });
      const put = (key) => ({ kind: "put", table: "keys", key, value: new Uint8Array(1) });
      store.apply(3, [put("c")]);
      await store.idle();
      const running = store.defragment();
      store.apply(4, [put("d")]);
      await running;
      console.log("survived");`;
    const node = ["--input-type=module", "-e", script];
    const { stdout, signal } = spawnSync(process.execPath, node, { encoding: "utf8" });
    expect({ stdout, signal }).toEqual({ stdout: "3\n", signal: "SIGKILL" });
    const store = open();
    expect(keysIn(store)).toBe("abc"); // what came meanwhile is in the log
    expect(storesIn()).toEqual([at === "pointed" ? "kv-2" : "kv-1"]);
    store.apply(4 as Index, [put("d")]);
    await store.idle();
    expect(await store.defragment()).toBe(null);
    expect(keysIn(store)).toBe("abcd");
    expect(store.reader.sizeBytes()).toBeLessThan(BIG_BYTES / 4);
    await store.close();
  });
});
