// The arithmetic of majorities, case by case.

import { describe, expect, it } from "vitest";
import type { Index, NodeId } from "../contract.ts";
import { isQuorum, quorumIndex, quorumSize, verdict } from "./quorum.ts";

const VOTERS = [1n, 2n, 3n, 4n] as NodeId[];

describe("a majority", () => {
  it("is more than half", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(quorumSize)).toEqual([1, 2, 2, 3, 3, 4, 4]);
  });

  it("does not exist without voters", () => {
    expect(() => quorumSize(0)).toThrow("no majority");
  });

  it("counts voters only", () => {
    const said = new Set<bigint>([1n, 2n, 9n]);
    expect(isQuorum(VOTERS, (voter) => said.has(voter))).toBe(false);
    said.add(4n);
    expect(isQuorum(VOTERS, (voter) => said.has(voter))).toBe(true);
  });

  it("decides an election as soon as nothing can change it", () => {
    expect(decide(true, true, true)).toBe("won");
    expect(decide(true, true, false)).toBe("open");
    expect(decide(true, false, false)).toBe("lost");
    expect(decide()).toBe("open");
  });

  it("holds the highest index that enough of them hold", () => {
    expect([held(5), held(5, 3), held(9, 10, 2), held(1, 2, 3, 4)]).toEqual([5, 3, 9, 2]);
  });
});

/** Ballots in the order of the voters; those who are not named have not answered. */
function decide(...ballots: boolean[]): string {
  return verdict(VOTERS, (voter) => ballots[Number(voter) - 1] ?? null);
}

function held(...list: number[]): number {
  return quorumIndex(list as Index[]);
}
