// Both engines against the slowest judge of all, on thousands of small histories, legal and
// spoiled; what must not change a verdict; and broken judges, each of which these histories must
// unmask.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Compare, KvRequest } from "../../core/api/request.ts";
import { flawOfOrder, validityOf } from "../verdict/certificate.ts";
import { SEQUENTIAL_ETCD } from "../model/etcd-sequential.ts";
import { changes, historyOfKeys } from "../model/history-of-keys.ts";
import type { KeyOperation, Reply } from "../model/history-of-keys.ts";
import type { Operation } from "../history.ts";
import { checkLinearizable } from "./linearizability.ts";
import { checkRevisionOrder } from "./revision-order.ts";
import { compareMod, enact, isLinearizable, put, range, remove, spoiled, txn } from "../testing.ts";
import type { Draft, Spoil } from "../testing.ts";
import type { Verdict } from "../verdict/verdict.ts";

const BUDGET = 100_000;
const SEED = 20_261;

const key: fc.Arbitrary<string> = fc.constantFrom("a", "b");
const value: fc.Arbitrary<string> = fc.constantFrom("x", "y", "z");
const flag: fc.Arbitrary<boolean> = fc.boolean();
const smallRevision: fc.Arbitrary<number> = fc.integer({ min: 0, max: 4 });

const simple: fc.Arbitrary<KvRequest> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({ key, value, prevKv: flag })
      .map((at) => put(at.key, at.value, { prevKv: at.prevKv })),
  },
  { weight: 3, arbitrary: key.map((at) => range(at)) },
  {
    weight: 1,
    arbitrary: fc.record({ key, ignoreValue: flag }).map((at) => {
      return put(at.key, at.ignoreValue ? "" : "x", { ignoreValue: at.ignoreValue });
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ key, prevKv: flag }).map((at) => remove(at.key, "", at.prevKv)),
  },
  { weight: 1, arbitrary: flag.map((prevKv) => remove("a", "c", prevKv)) },
  {
    weight: 1,
    arbitrary: smallRevision.map((at) => range("a", { rangeEnd: "\0" as never, revision: at })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ key, keysOnly: flag, countOnly: flag }).map((at) => {
      return range(at.key, { ...at, key: at.key as never, serializable: true });
    }),
  },
);
const condition: fc.Arbitrary<Compare> = fc
  .tuple(key, smallRevision)
  .map((at) => compareMod(...at));
const transaction: fc.Arbitrary<KvRequest> = fc
  .tuple(condition, key, key, value)
  .map(([compare, some, other, text]) => {
    return txn([compare], [range(some), put(other, text)], [range(some), remove(other)]);
  });

const drafts = (maxLength: number): fc.Arbitrary<readonly Draft[]> =>
  fc.array(
    fc.record({
      request: fc.oneof({ weight: 6, arbitrary: simple }, { weight: 1, arbitrary: transaction }),
      call: fc.integer({ min: 0, max: 12 }),
      length: fc.integer({ min: 0, max: 6 }),
      point: fc.integer({ min: 0, max: 3 }),
      fate: fc.constantFrom("ok", "ok", "ok", "unknown_done", "unknown_never"),
      age: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 1, maxLength },
  );

const spoil: fc.Arbitrary<Spoil> = fc.record({
  at: fc.nat({ max: 6 }),
  how: fc.nat({ max: 6 }),
  by: fc.constantFrom(-1, 1, 2),
});

const legal: fc.Arbitrary<readonly Operation[]> = drafts(7).map(enact);
const mixed: fc.Arbitrary<readonly Operation[]> = fc
  .tuple(drafts(7), fc.array(spoil, { minLength: 1, maxLength: 2 }))
  .map(([calls, spoils]) => spoils.reduce<readonly Operation[]>(spoiled, enact(calls)));

function general(history: readonly Operation[]): Verdict {
  return checkLinearizable(SEQUENTIAL_ETCD, historyOfKeys(history), BUDGET);
}

function expectProof(history: readonly Operation[], verdict: Verdict): void {
  if (verdict.verdict === "ok") expect(flawOfOrder(history, verdict.order)).toBeNull();
  else if (verdict.verdict === "illegal") {
    expect(validityOf(history, verdict.certificate, BUDGET)).toBe("valid");
  } else expect.unreachable("small histories are always decided");
}

describe("Two engines and a brute force", () => {
  it("accept what a correct store answered", () => {
    fc.assert(
      fc.property(drafts(12).map(enact), (history) => {
        expect(checkRevisionOrder(history, BUDGET).verdict).toBe("ok");
        expect(general(history).verdict).toBe("ok");
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it("agree on spoiled histories, with an order or a certificate that stands by itself", () => {
    const counts = { ok: 0, illegal: 0 };
    fc.assert(
      fc.property(mixed, (history) => {
        const expected = isLinearizable(SEQUENTIAL_ETCD, historyOfKeys(history)) ? "ok" : "illegal";
        counts[expected]++;
        for (const verdict of [general(history), checkRevisionOrder(history, BUDGET)]) {
          expect(verdict.verdict).toBe(expected);
          expectProof(history, verdict);
        }
      }),
      { seed: SEED, numRuns: 15_000 },
    );
    expect(Math.min(counts.ok, counts.illegal)).toBeGreaterThan(2000);
  });
});

function survives(
  from: fc.Arbitrary<readonly Operation[]>,
  change: (history: readonly Operation[], at: number) => readonly Operation[],
  holds: (before: string, after: string) => boolean,
): void {
  fc.assert(
    fc.property(from, fc.nat({ max: 6 }), (history, at) => {
      const before = checkRevisionOrder(history, BUDGET).verdict;
      const after = checkRevisionOrder(change(history, at % history.length), BUDGET).verdict;
      expect(holds(before, after), `${before}, then ${after}`).toBe(true);
    }),
    { seed: SEED, numRuns: 2000 },
  );
}

const edit = (change: (operation: Operation) => Operation | null) => {
  return (history: readonly Operation[], at: number): readonly Operation[] =>
    history.flatMap((operation, place) => (place === at ? (change(operation) ?? []) : operation));
};
const staysLegal = (before: string, after: string): boolean => before !== "ok" || after === "ok";

const rename = (history: readonly Operation[]): readonly Operation[] =>
  history.map(({ id, client, call, return: end, ...rest }) => {
    const later = end === null ? null : 1000 + 7 * end;
    return { ...rest, id: id + 40, client: 9 - client, call: 1000 + 7 * call, return: later };
  });

const shrink = (history: readonly Operation[]): readonly Operation[] =>
  history.map((operation) => {
    const end = operation.return === null ? null : 2 * operation.return;
    return { ...operation, call: 2 * operation.call, return: end };
  });

describe("A verdict", () => {
  it("stays legal when an interval widens", () => {
    const widen = edit((operation) => {
      const end = operation.return === null ? null : operation.return + 3;
      return { ...operation, call: operation.call - 3, return: end };
    });
    survives(mixed, widen, staysLegal);
  });

  it("stays legal when the outcome of an operation is forgotten", () => {
    const forget = edit((operation) => {
      return { ...operation, return: null, outcome: { kind: "unknown", error: null } };
    });
    survives(mixed, forget, staysLegal);
  });

  it("stays legal without one of its reads", () => {
    const drop = edit((operation) => (operation.input.kind === "range" ? null : operation));
    survives(mixed, drop, staysLegal);
  });

  it("is the same for other clients, other ids and another clock", () => {
    survives(mixed, rename, (before, after) => before === after);
  });

  it("is about closed intervals: what touches is concurrent", () => {
    survives(mixed, shrink, (before, after) => before === after);
  });
});

type Judge = (history: readonly KeyOperation[]) => string;

/** Judges with one fault each. */
const BROKEN: Readonly<Record<string, Judge>> = {
  "places a write at once when it happens to change nothing": (history) => {
    const model = {
      ...SEQUENTIAL_ETCD,
      isPure: (input: KvRequest, output: Reply) => !changes(output) || input.kind === "put",
    };
    return checkLinearizable(model, history, BUDGET).verdict;
  },
  "believes that what has no answer never happened": (history) => {
    const known = history.filter(({ outcome }) => outcome.kind !== "unknown");
    return checkLinearizable(SEQUENTIAL_ETCD, known, BUDGET).verdict;
  },
  "believes that what has no answer happened soon after its call": (history) => {
    type Answer = Reply | null;
    const model = {
      ...SEQUENTIAL_ETCD,
      accept: (state: typeof SEQUENTIAL_ETCD.initial, input: KvRequest, output: Answer) =>
        output === null
          ? SEQUENTIAL_ETCD.apply(state, input)
          : SEQUENTIAL_ETCD.accept(state, input, output),
      isPure: (_input: KvRequest, output: Answer) => output !== null && !changes(output),
    };
    const certain = history.map((operation): Operation<KvRequest, Answer> => {
      if (operation.outcome.kind !== "unknown") return { ...operation, outcome: operation.outcome };
      return { ...operation, return: operation.call + 3, outcome: { kind: "ok", output: null } };
    });
    return checkLinearizable(model, certain, BUDGET).verdict;
  },
  "takes intervals that touch for one after the other": (history) => {
    const open = history.map((operation) => {
      const end = operation.return === null ? null : 2 * operation.return;
      return { ...operation, call: Math.min(2 * operation.call + 1, end ?? Infinity), return: end };
    });
    return checkLinearizable(SEQUENTIAL_ETCD, open, BUDGET).verdict;
  },
  "looks at no clock": (history) => {
    const timeless = history.map((operation) => ({ ...operation, call: -Infinity }));
    return checkLinearizable(SEQUENTIAL_ETCD, timeless, BUDGET).verdict;
  },
  "looks at no answer": (history) => {
    const accept = SEQUENTIAL_ETCD.apply;
    return checkLinearizable({ ...SEQUENTIAL_ETCD, accept }, history, BUDGET).verdict;
  },
  "takes all states for one": (history) => {
    const model = { ...SEQUENTIAL_ETCD, keyOf: () => "" };
    return checkLinearizable(model, history, BUDGET).verdict;
  },
  "takes all requests for one": (history) => {
    const model = { ...SEQUENTIAL_ETCD, keyOfInput: () => "" };
    return checkLinearizable(model, history, BUDGET).verdict;
  },
};

describe("A broken judge is unmasked when it", () => {
  it.for(Object.entries(BROKEN))("%s", ([, judge]) => {
    const histories = fc.property(fc.oneof(legal, mixed).map(historyOfKeys), (history) => {
      const expected = isLinearizable(SEQUENTIAL_ETCD, history) ? "ok" : "illegal";
      return judge(history) === expected;
    });
    expect(fc.check(histories, { seed: SEED, numRuns: 5000, endOnFailure: true }).failed).toBe(
      true,
    );
  });
});
