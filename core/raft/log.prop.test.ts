// The log in chunks against a plain array, under any order of appends, replacements, commits,
// compactions and finished writes; and every older log stays what it was.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Index, Term } from "../contract.ts";
import {
  append,
  commitTo,
  compactTo,
  createLog,
  entriesBetween,
  entryAt,
  firstUnknown,
  highestWithTermAtMost,
  isUpToDate,
  markDurable,
  termAt,
  type Log,
} from "./log.ts";
import type { Entry } from "./message.ts";

type Naive = { compacted: Entry; entries: Entry[]; durable: number; commit: number };
type Act = Readonly<{ kind: "append" | "replace" | "commit" | "compact" | "write"; size: number }>;

const acts = fc.array(
  fc.record({
    kind: fc.constantFrom<Act["kind"]>("append", "append", "replace", "commit", "compact", "write"),
    size: fc.nat(300), // more than two chunks
  }),
  { maxLength: 30 },
);

describe("a log", () => {
  it("holds what a plain array would, and never changes an older one", () => {
    const property = fc.property(fc.nat(300), acts, (start, list) => {
      let log = createLog(start as Index, 1 as Term);
      const naive: Naive = {
        compacted: entry(1, start),
        entries: [],
        durable: start,
        commit: start,
      };
      const olds: [Log, string][] = [];
      for (const [at, act] of list.entries()) {
        olds.push([log, contentOf(log)]);
        log = perform(log, naive, act, at + 2);
        compare(log, naive);
      }
      for (const [old, content] of olds) expect(contentOf(old)).toBe(content);
    });
    fc.assert(property, { numRuns: 200, seed: 5 });
  });

  it("gives out entries up to a size, and always one", () => {
    const log = append(createLog(0 as Index, 0 as Term), [entry(1, 1), entry(1, 2), entry(1, 3)]);
    const count = (maxBytes: number): number =>
      entriesBetween(log, 1 as Index, 3 as Index, maxBytes).length;
    expect([0, 1, 3, 4, 99].map(count)).toEqual([1, 1, 1, 2, 3]);
  });

  it("finds the first entry that it does not hold", () => {
    const log = append(createLog(0 as Index, 0 as Term), [entry(1, 1), entry(1, 2), entry(2, 3)]);
    expect(firstUnknown(log, [entry(1, 2), entry(2, 3)])).toBe(2);
    expect(firstUnknown(log, [entry(1, 2), entry(3, 3), entry(3, 4)])).toBe(1);
    expect(firstUnknown(log, [entry(2, 3), entry(2, 4)])).toBe(1);
  });

  it("skips a whole term at once, down to what it has compacted", () => {
    const terms = [2, 2, 3, 5, 5];
    const log = append(
      createLog(3 as Index, 2 as Term),
      terms.map((term, at) => entry(term, at + 4)),
    );
    const at = (from: number, term: number): number =>
      highestWithTermAtMost(log, from as Index, term as Term);
    expect([at(99, 5), at(8, 4), at(8, 2), at(5, 9), at(8, 1)]).toEqual([8, 6, 5, 5, 2]);
  });

  it("compares itself by the last term first, then by length", () => {
    const log = append(createLog(0 as Index, 0 as Term), [entry(2, 1), entry(2, 2)]);
    const cases = [
      [2, 2],
      [1, 2],
      [1, 3],
      [9, 1],
    ] as [Index, Term][];
    expect(cases.map(([index, term]) => isUpToDate(log, index, term))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("refuses what would break it", () => {
    const log = commitTo(
      append(createLog(0 as Index, 0 as Term), [entry(1, 1), entry(2, 2)]),
      1 as Index,
    );
    expect(() => append(log, [])).toThrow("nothing to append");
    expect(() => append(log, [entry(2, 4)])).toThrow("leaves a gap");
    expect(() => append(log, [entry(3, 1)])).toThrow("would replace commit 1");
    expect(() => append(log, [entry(1, 3)])).toThrow("term 1 follows term 2");
    expect(() => append(log, [entry(2, 3), entry(2, 5)])).toThrow("out of sequence");
    expect(() => commitTo(log, 3 as Index)).toThrow("behind the last entry");
    expect(() => entriesBetween(log, 1 as Index, 3 as Index, 9)).toThrow("behind the last one");
    const compacted = compactTo(markDurable(log, 2 as Index, 2 as Term), 1 as Index);
    expect(() => entriesBetween(compacted, 1 as Index, 2 as Index, 9)).toThrow("is compacted");
  });
});

function perform(log: Log, naive: Naive, { kind, size }: Act, term: number): Log {
  const last = naive.compacted.index + naive.entries.length;
  switch (kind) {
    case "append":
    case "replace": {
      const from =
        kind === "append" ? last + 1 : naive.commit + 1 + (size % (last + 1 - naive.commit));
      const fresh = Array.from({ length: size + 1 }, (_, at) => entry(term, from + at));
      naive.entries.splice(from - naive.compacted.index - 1, Infinity, ...fresh);
      naive.durable = Math.min(naive.durable, from - 1);
      return append(log, fresh);
    }
    case "commit":
      naive.commit = Math.min(naive.commit + size, last);
      return commitTo(log, naive.commit as Index);
    case "compact": {
      const through = Math.min(naive.commit, naive.durable, naive.compacted.index + size);
      const gone = naive.entries.splice(0, through - naive.compacted.index);
      naive.compacted = gone.at(-1) ?? naive.compacted;
      return compactTo(log, through as Index);
    }
    case "write": {
      const index = Math.min(naive.durable + size, last);
      naive.durable = index;
      return markDurable(log, index as Index, termOf(naive, index) as Term);
    }
  }
}

function compare(log: Log, naive: Naive): void {
  const last = naive.compacted.index + naive.entries.length;
  expect(log.lastIndex).toBe(last);
  expect(log.lastTerm).toBe(termOf(naive, last));
  expect([log.compactedIndex, log.compactedTerm]).toEqual([
    naive.compacted.index,
    naive.compacted.term,
  ]);
  expect([log.commit, log.durableIndex]).toEqual([naive.commit, naive.durable]);
  const open = naive.entries.filter((one) => one.index > naive.commit);
  expect(log.uncommittedBytes).toBe(open.reduce((bytes, one) => bytes + one.data.length, 0));
  expect(naive.entries.every((one) => entryAt(log, one.index) === one)).toBe(true);
  for (const outside of [naive.compacted.index, last + 1] as Index[]) {
    expect(entryAt(log, outside)).toBe(null);
  }
  expect(termAt(log, (last + 1) as Index)).toBe(null);
  const wrong = (log.lastTerm + 1) as Term;
  expect(markDurable(log, log.lastIndex, wrong)).toBe(log);
}

function termOf(naive: Naive, index: number): number | undefined {
  const at = index - naive.compacted.index - 1;
  return at === -1 ? naive.compacted.term : naive.entries[at]?.term;
}

function contentOf(log: Log): string {
  const from = (log.compactedIndex + 1) as Index;
  const entries = from > log.lastIndex ? [] : entriesBetween(log, from, log.lastIndex, Infinity);
  const runs = entries.map(({ term, index }) => `${term}/${index}`).join(" ");
  return `${log.compactedTerm}/${log.compactedIndex} ${runs} ${log.commit} ${log.durableIndex}`;
}

function entry(term: number, index: number): Entry {
  return { term: term as Term, index: index as Index, data: new Uint8Array(2) };
}
