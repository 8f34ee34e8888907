import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Bytes, Index, KvWrite } from "../../core/contract.ts";
import { KvStore } from "./kv-store.ts";

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "detcd-store-"));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function openStore(): { store: KvStore; done: number[] } {
  const done: number[] = [];
  const store = new KvStore(directory, {
    onDone: (applied) => done.push(applied),
    onFailure: (error) => {
      throw error;
    },
  });
  return { store, done };
}

function put(key: string, value: string): KvWrite {
  return { kind: "put", table: "keys", key: key as Bytes, value: Buffer.from(value) };
}

function get(store: KvStore, key: string): string | null {
  const value = store.reader.get("keys", key as Bytes);
  return value === null ? null : Buffer.from(value).toString();
}

function index(value: number): Index {
  return value as Index;
}

describe("the versions of the store", () => {
  it("show the staged image, and nothing of the old one, as soon as it is installed", async () => {
    const { store, done } = openStore();
    store.apply(index(3), [put("old", "1"), put("both", "old")]);
    const staged = await store.stage();
    staged.apply(index(9), [put("both", "new"), put("new", "2")]);
    await staged.idle();
    expect(get(store, "new")).toBeNull();
    store.apply(index(4), [put("late", "never committed")]);
    store.install(index(9));
    expect([get(store, "old"), get(store, "both"), get(store, "new")]).toEqual([null, "new", "2"]);
    store.apply(index(10), [put("after", "3")]);
    await store.close();
    expect(done.filter((applied) => applied !== 3)).toEqual([9, 10]); // 3 may have been in time
    expect(fs.readdirSync(directory).toSorted()).toEqual(["current", "kv-2"]);
    const again = openStore();
    expect([get(again.store, "both"), get(again.store, "after")]).toEqual(["new", "3"]);
    expect(get(again.store, "late")).toBeNull();
    await again.store.close();
  });

  it("forget what was staged but not installed, in this life or an earlier one", async () => {
    const first = openStore();
    first.store.apply(index(1), [put("a", "kept")]);
    (await first.store.stage()).apply(index(5), [put("a", "staged")]);
    const replaced = await first.store.stage();
    expect(replaced.reader.get("keys", "a" as Bytes)).toBeNull();
    await first.store.close();
    expect(fs.readdirSync(directory).toSorted()).toEqual(["current", "kv-1"]);
    fs.mkdirSync(join(directory, "kv-2"));
    fs.writeFileSync(join(directory, "kv-2", "data.mdb"), "half an image");
    const second = openStore();
    expect(get(second.store, "a")).toBe("kept");
    expect(fs.readdirSync(directory).toSorted()).toEqual(["current", "kv-1"]);
    await second.store.close();
  });

  it("keep an old store open until whoever reads its image has finished", async () => {
    const { store } = openStore();
    store.apply(index(1), [put("a", "old")]);
    await store.idle();
    const image = store.image();
    const staged = await store.stage();
    staged.apply(index(5), [put("a", "new")]);
    await staged.idle();
    store.install(index(5));
    expect(get(store, "a")).toBe("new");
    const closed = store.close();
    await new Promise((resolve) => setImmediate(resolve)); // it would go on by then
    expect(Buffer.from(image.reader.get("keys", "a" as Bytes) ?? []).toString()).toBe("old");
    expect(fs.readdirSync(directory).toSorted()).toEqual(["current", "kv-1", "kv-2"]);
    image.release();
    await closed;
    expect(fs.readdirSync(directory).toSorted()).toEqual(["current", "kv-2"]);
  });

  it("say so when the pointer leads nowhere", async () => {
    const { store } = openStore();
    await store.close();
    fs.rmSync(join(directory, "kv-1"), { recursive: true });
    expect(openStore).toThrow("names kv-1, which is not there");
    fs.writeFileSync(join(directory, "current"), "");
    expect(openStore).toThrow("current is damaged: it names no store");
  });
});
