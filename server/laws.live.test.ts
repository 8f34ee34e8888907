// The laws of a driver, on real files and LMDB. The simulated ones obey the same: sim/laws.test.ts.

import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DiskToken } from "../core/contract.ts";
import {
  DISK_LAWS,
  type DiskStep,
  judgeDisk,
  judgeKv,
  KV_LAWS,
  type KvStep,
} from "../core/laws/laws.ts";
import { AssertionError } from "../core/lib/assert.ts";
import { createDiskReader, WalDisk } from "./storage/disk.ts";
import { KvStore } from "./storage/kv-store.ts";

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "detcd-laws-"));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function fail(error: Error): never {
  throw error;
}

async function runDiskLaw(steps: readonly DiskStep[]): Promise<void> {
  const answered: number[] = [];
  const open = (): WalDisk =>
    new WalDisk(directory, { onDone: (token) => answered.push(token), onFailure: fail });
  let disk = open();
  let issued = 0;
  for (const step of steps) {
    switch (step.kind) {
      case "perform":
        disk.perform(++issued as DiskToken, step.ops);
        break;
      case "settle":
        await disk.idle();
        expect(answered).toEqual(Array.from({ length: issued }, (_, at) => at + 1));
        break;
      case "restart":
        await disk.close();
        disk = open();
        break;
      case "power_cut":
        throw new Error("a test cannot cut the power");
      case "expect":
        expect(judgeDisk(createDiskReader(directory), step.of)).toBeNull();
        break;
    }
  }
  await disk.close();
}

async function runKvLaw(steps: readonly KvStep[]): Promise<void> {
  const reported: number[] = [];
  let onFailure: (error: Error) => void = fail;
  const open = (): KvStore =>
    new KvStore(directory, {
      onDone: (applied) => reported.push(applied),
      onFailure: (error) => onFailure(error),
    });
  let store = open();
  let last = 0;
  for (const step of steps) {
    switch (step.kind) {
      case "apply":
        store.apply(step.applied, step.writes);
        last = step.applied;
        break;
      case "refuse":
        expect(() => store.apply(step.applied, step.writes)).toThrow(AssertionError);
        break;
      case "fail": {
        const failures: Error[] = [];
        onFailure = (error) => failures.push(error);
        try {
          store.apply(step.applied, step.writes);
          await store.idle();
        } catch (error) {
          failures.push(error as Error);
        }
        onFailure = fail;
        expect(failures.length).toBe(1);
        expect(failures[0]?.message).toMatch(/a key of "keys" has \d+ bytes, a store takes \d+/);
        expect(reported.at(-1)).toBe(last);
        break;
      }
      case "settle":
        await store.idle();
        expect(reported.at(-1)).toBe(last);
        expect(reported).toEqual(reported.toSorted((a, b) => a - b));
        break;
      case "restart":
        await store.close();
        store = open();
        break;
      case "install": {
        const staged = await store.stage();
        staged.apply(step.applied, step.writes);
        await staged.idle();
        store.install(step.applied);
        expect(reported.at(-1)).toBe(step.applied);
        break;
      }
      case "defragment":
        void store.defragment();
        break;
      case "get":
      case "scan":
      case "size":
        expect(judgeKv(store.reader, step)).toBeNull();
        break;
    }
  }
  await store.close();
}

describe("a real disk", () => {
  for (const { name, needsPowerCut, steps } of DISK_LAWS) {
    // Only a simulation can cut the power and look at what the disk had not written yet.
    it.skipIf(needsPowerCut)(name, () => runDiskLaw(steps));
  }
});

describe("a real store", () => {
  for (const { name, steps } of KV_LAWS) it(name, () => runKvLaw(steps));
});
