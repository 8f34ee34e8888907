import { describe, expect, it } from "vitest";
import type { DiskOp, FileName } from "../../core/contract.ts";
import { planWrites } from "./disk-plan.ts";

const A = "a" as FileName;
const B = "b" as FileName;

function write(file: FileName, offset: number, text: string): DiskOp {
  return { kind: "write", file, offset, bytes: new TextEncoder().encode(text) };
}

function sync(file: FileName): DiskOp {
  return { kind: "sync", file };
}

function plan(...ops: DiskOp[]): readonly string[] {
  return planWrites(ops).map((action) => {
    if (action.kind === "truncate") return `truncate ${action.file}@${action.length}`;
    if (action.kind !== "write") return `${action.kind} ${action.file}`;
    const text = action.buffers.map((bytes) => new TextDecoder().decode(bytes)).join("+");
    return `write ${action.file}@${action.offset} ${text}`;
  });
}

describe("the plan of a batch", () => {
  it("syncs appends to one file once", () => {
    const ops = [write(A, 0, "x"), sync(A), write(A, 1, "yz"), sync(A), write(A, 3, "w"), sync(A)];
    expect(plan(...ops)).toEqual(["write a@0 x+yz+w", "sync a"]);
  });

  it("does not begin a new file before the old one is synced", () => {
    expect(plan(write(A, 0, "x"), sync(A), write(B, 0, "y"), sync(B))).toEqual([
      "write a@0 x",
      "sync a",
      "write b@0 y",
      "sync b",
    ]);
  });

  it("does not write over bytes before the sync that promised them", () => {
    expect(plan(write(A, 0, "x"), sync(A), write(A, 0, "y"), sync(A))).toEqual([
      "write a@0 x",
      "sync a",
      "write a@0 y",
      "sync a",
    ]);
  });

  it("keeps truncation and removal where they stood", () => {
    expect(
      plan(write(A, 0, "x"), { kind: "truncate", file: A, length: 0 }, sync(A), {
        kind: "remove",
        file: B,
      }),
    ).toEqual(["write a@0 x", "truncate a@0", "sync a", "remove b"]);
  });

  it("does not sync what nobody asked to sync", () => {
    expect(plan(write(A, 0, "x"), write(A, 1, "y"))).toEqual(["write a@0 x+y"]);
    expect(plan()).toEqual([]);
  });
});
