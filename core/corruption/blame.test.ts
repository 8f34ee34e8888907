// Who is believed, and what accuses nobody.

import { describe, expect, it } from "vitest";
import type { Index, NodeId } from "../contract.ts";
import type { Answer, Position } from "./blame.ts";
import { ANYBODY, blame, compareCompactions, showingsOf } from "./blame.ts";

const id = (number: number): NodeId => BigInt(number) as NodeId;
const showing = (whats: readonly string[]) =>
  whats.map((what, at) => ({ member: id(at + 1), what }));

describe("those who are blamed", () => {
  it("are nobody where all agree, however few answered", () => {
    expect(blame(showing(["a", "a", "a"]), 3)).toEqual([]);
    expect(blame(showing(["a"]), 5)).toEqual([]);
  });

  it("are whoever differs from a majority, the leader too, and each of them", () => {
    expect(blame(showing(["a", "a", "b"]), 3)).toEqual([id(3)]);
    expect(blame(showing(["b", "a", "a"]), 3)).toEqual([id(1)]);
    expect(blame(showing(["b", "a", "a", "c", "a"]), 5)).toEqual([id(1), id(4)]);
  });

  it("are nobody by name where no majority of all members agrees", () => {
    expect(blame(showing(["a", "b"]), 2)).toEqual([ANYBODY]);
    expect(blame(showing(["a", "b"]), 3)).toEqual([ANYBODY]);
    expect(blame(showing(["a", "b", "c"]), 3)).toEqual([ANYBODY]);
    expect(blame(showing(["a", "a", "b"]), 5)).toEqual([ANYBODY]);
  });
});

const ASKED = { index: 20 as Index, revision: 10, compacted: 4 };
const OWN: Position = { index: 25 as Index, revision: 12, compacted: 4 };

function answer(change: Partial<Answer>): Answer {
  const hashes = [{ revision: 10, compacted: 4, hash: 0xab }];
  const where = { index: 22 as Index, revision: 11, compacted: 4, hashes };
  return { kind: "hash_answer", term: 1 as never, id: 1n, member: id(2), ...where, ...change };
}
const shown = (change: Partial<Answer>): string | null =>
  showingsOf([answer(change)], ASKED, OWN)[0]?.what ?? null;

describe("an answer", () => {
  it("shows its hash at the revision and compaction that was asked for", () => {
    expect(shown({})).toBe("000000ab");
    expect(shown({ hashes: [{ revision: 10, compacted: 9, hash: 0xab }] })).toBe(null);
    expect(shown({ hashes: [{ revision: 9, compacted: 4, hash: 0xab }] })).toBe(null);
    expect(shown({ hashes: [] })).toBe(null); // compacted there already
  });

  it("that knows more than this member cannot be compared yet", () => {
    expect(shown({ index: 26 as Index, revision: 13 })).toBe(null);
  });

  it("shows a store that has come less far, or further, with the same entries", () => {
    expect(shown({ revision: 9, hashes: [] })).toBe("behind");
    expect(shown({ index: 19 as Index, revision: 9, hashes: [] })).toBe(null); // it only lags
    expect(shown({ revision: 13 })).toBe("ahead");
    expect(shown({ compacted: 5 })).toBe("ahead");
  });
});

const at = (revision: number, hash: number, compacted = revision - 5) => ({
  revision,
  compacted,
  hash,
});

const answers = (...lists: readonly (readonly ReturnType<typeof at>[])[]): readonly Answer[] =>
  lists.map((hashes, nth) => answer({ member: id(nth + 2), hashes }));

describe("hashes of compactions", () => {
  it("are compared from the newest back to one that all have", () => {
    const own = [at(10, 1), at(20, 2), at(30, 3)];
    const heard = answers([at(10, 1), at(20, 2)], [at(10, 1), at(20, 2), at(30, 3)]);
    expect(compareCompactions(own, heard, id(1), 3)).toEqual({ finding: null, agreed: 20 });
    expect(compareCompactions(own, answers([at(10, 1)]), id(1), 3).agreed).toBe(null);
  });

  it("that differ end the search; of those that came from elsewhere nothing follows", () => {
    const own = [at(10, 1), at(20, 2)];
    const { finding } = compareCompactions(own, answers([at(20, 9)], [at(10, 1)]), id(1), 3);
    expect(finding?.revision).toBe(20);
    const other = answers([at(20, 9, 11)], [at(20, 2)]);
    expect(compareCompactions(own, other, id(1), 3)).toEqual({ finding: null, agreed: null });
  });
});
