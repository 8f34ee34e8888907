// The simulated disk and store keep the laws of the real ones.

import { describe, expect, it } from "vitest";
import type { DiskToken, Index } from "../core/contract.ts";
import {
  DISK_LAWS,
  type DiskLaw,
  judgeDisk,
  judgeKv,
  KV_LAWS,
  type KvLaw,
} from "../core/laws/laws.ts";
import { AssertionError } from "../core/lib/assert.ts";
import { SimDisk } from "./world/disk.ts";
import { SimKv, type Visibility } from "./world/kv.ts";
import { createFates } from "./world/random.ts";

const TIMING = {
  syncMicros: 500,
  tailMicros: 5000,
  tail: [1, 10],
  commitMicros: 0,
  roomBytes: 0,
} as const;

/** The first thing that is wrong, or null. */
function runOnDisk(law: DiskLaw, seed: number, disk = createDisk(seed)): string | null {
  let token = 0;
  for (const step of law.steps) {
    switch (step.kind) {
      case "perform":
        token += 1;
        expect(disk.submit(token as DiskToken, step.ops)).toBeGreaterThan(0);
        break;
      case "settle":
        disk.settle(token as DiskToken);
        break;
      case "restart":
        disk.crash("all");
        break;
      case "power_cut":
        disk.crash("some");
        break;
      case "expect": {
        const wrong = judgeDisk(disk, step.of);
        if (wrong !== null) return wrong;
        break;
      }
      default:
        return step satisfies never;
    }
  }
  return null;
}

function createDisk(seed: number): SimDisk {
  return new SimDisk(1, createFates(seed), TIMING);
}

function runOnKv(law: KvLaw, kv: SimKv): string | null {
  let last = 0 as Index;
  for (const step of law.steps) {
    switch (step.kind) {
      case "apply":
        kv.apply(step.applied, step.writes);
        last = step.applied;
        break;
      case "refuse":
      case "fail":
        expect(() => kv.apply(step.applied, step.writes)).toThrow(AssertionError);
        break;
      case "settle":
        kv.commit(last);
        break;
      case "restart":
        kv.crash("none");
        break;
      case "defragment":
        kv.defragment();
        break;
      case "install":
        kv.stage(step.applied, step.writes);
        kv.install(step.applied);
        break;
      default: {
        const wrong = judgeKv(kv.reader, step);
        if (wrong !== null) return wrong;
      }
    }
  }
  return null;
}

describe("the simulated disk", () => {
  it.each(DISK_LAWS)("$name", (law) => {
    const seeds = law.needsPowerCut ? 200 : 5;
    for (let seed = 0; seed < seeds; seed++) expect(runOnDisk(law, seed)).toBe(null);
  });

  it("that lies breaks a law", () => {
    const law = DISK_LAWS.find(({ name }) => name.includes("settled is there after a power cut"))!;
    const verdicts = Array.from({ length: 50 }, (_, seed) => {
      const disk = createDisk(seed);
      disk.lies = true;
      return runOnDisk(law, seed, disk);
    });
    expect(verdicts.filter((verdict) => verdict !== null).length).toBeGreaterThan(10);
  });

  it("that rots breaks a law", () => {
    const [law] = DISK_LAWS;
    const { steps } = law!;
    const disk = createDisk(1);
    expect(runOnDisk({ ...law!, steps: steps.slice(0, 2) }, 1, disk)).toBe(null);
    const [file] = disk.list();
    disk.corrupt(file!, 4);
    expect(runOnDisk({ ...law!, steps: steps.slice(2) }, 1, disk)).toContain('is "helln"');
  });
});

describe("the simulated store", () => {
  const cases = KV_LAWS.flatMap((law) =>
    (["durable", "issued", "any"] as const).map((visibility) => ({ ...law, visibility })),
  );
  it.each(cases)("$name ($visibility)", (law) => {
    for (let seed = 0; seed < 5; seed++) {
      expect(runOnKv(law, createKv(seed, law.visibility))).toBe(null);
    }
  });

  it("that forgets what it reported breaks a law", () => {
    const law = KV_LAWS.find(({ name }) => name === "what was reported is there after a restart")!;
    const kv = createKv(1, "issued");
    kv.commit = () => undefined;
    expect(runOnKv(law, kv)).toContain("the scan gives");
  });

  it("that stores a batch up to what it refuses breaks a law", () => {
    const law = KV_LAWS.find(({ name }) => name.startsWith("a large batch that no store"))!;
    const kv = createKv(1, "issued");
    const whole = kv.apply.bind(kv);
    kv.apply = (applied, writes) => {
      for (const write of writes) {
        whole(applied, [write]);
        kv.commit(applied);
      }
    };
    expect(runOnKv(law, kv)).toContain("the scan gives");
  });
});

function createKv(seed: number, visibility: Visibility): SimKv {
  return new SimKv(1, createFates(seed), visibility);
}
