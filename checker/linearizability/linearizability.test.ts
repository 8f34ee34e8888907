// The general engine on objects that are not a store.

import { describe, expect, it } from "vitest";
import type { Operation } from "../history.ts";
import { checkLinearizable } from "./linearizability.ts";
import type { Model } from "./linearizability.ts";

type Call = Readonly<{ write: number } | { read: true } | { lock: boolean }>;
const BUDGET = 100_000;

/** A register; its answer is what was read, or null for a write. */
const REGISTER: Model<number, Call, number | null> = {
  initial: 0,
  accept: (state, input, output) => {
    if ("write" in input) return input.write;
    return output === state ? state : null;
  },
  apply: (state, input) => ("write" in input ? input.write : state),
  keyOf: String,
  keyOfInput: JSON.stringify,
  isPure: (input) => "read" in input,
};

const MUTEX: Model<boolean, Call, null> = {
  initial: false,
  accept: (held, input) => ("lock" in input && input.lock !== held ? input.lock : null),
  apply: (held, input) => ("lock" in input ? input.lock : held),
  keyOf: String,
  keyOfInput: JSON.stringify,
  isPure: () => false,
};

function answered<O>(
  id: number,
  input: Call,
  span: readonly [number, number],
  output: O,
): Operation<Call, O> {
  const [call, end] = span;
  return { id, client: id, input, call, return: end, outcome: { kind: "ok", output } };
}

function unknown<O>(id: number, input: Call, call: number): Operation<Call, O> {
  return { id, client: id, input, call, return: null, outcome: { kind: "unknown", error: null } };
}

describe("A register", () => {
  it("shows the last write or one under way", () => {
    const verdict = checkLinearizable(
      REGISTER,
      [
        answered(0, { write: 1 }, [0, 2], null),
        answered(1, { read: true }, [1, 3], 0),
        answered(2, { read: true }, [4, 5], 1),
      ],
      BUDGET,
    );
    expect(verdict).toMatchObject({ verdict: "ok", order: [1, 0, 2] });
  });

  it("never goes back", () => {
    const verdict = checkLinearizable(
      REGISTER,
      [
        answered(0, { write: 1 }, [0, 9], null),
        answered(1, { read: true }, [1, 2], 1),
        answered(2, { read: true }, [3, 4], 0),
      ],
      BUDGET,
    );
    expect(verdict).toMatchObject({
      verdict: "illegal",
      certificate: { kind: "no_order", longest: [0, 1], operation: 2 },
    });
  });

  it("needs a write again although it changed nothing at first", () => {
    // write(1) in state 1 is no reason to place it at once: it must undo write(2) later.
    const verdict = checkLinearizable(
      REGISTER,
      [
        answered(0, { write: 1 }, [0, 1], null),
        answered(1, { write: 1 }, [2, 9], null),
        answered(2, { write: 2 }, [2, 4], null),
        answered(3, { read: true }, [5, 6], 1),
      ],
      BUDGET,
    );
    expect(verdict.verdict).toBe("ok");
  });

  it("is decided with forty writes of unknown outcome that nobody sees", () => {
    const lost = Array.from({ length: 40 }, (_, id) => unknown<null>(id, { write: id + 100 }, 0));
    const stale = answered(40, { read: true }, [5, 6], 7);
    const { verdict, steps } = checkLinearizable(REGISTER, [...lost, stale], BUDGET);
    expect(verdict).toBe("illegal");
    expect(steps).toBeLessThan(5000);
  });

  it("may have more than 64 operations under way", () => {
    const writes = Array.from({ length: 70 }, (_, id) =>
      answered(id, { write: id }, [0, 10], null),
    );
    const read = answered(70, { read: true }, [11, 12], 69);
    expect(checkLinearizable(REGISTER, [...writes, read], BUDGET).verdict).toBe("ok");
  });
});

describe("A mutex", () => {
  it("is not held twice", () => {
    const calls = [
      answered(0, { lock: true }, [0, 1], null),
      answered(1, { lock: true }, [2, 3], null),
    ];
    expect(checkLinearizable(MUTEX, calls, BUDGET).verdict).toBe("illegal");
    const released = [...calls, unknown<null>(2, { lock: false }, 1)];
    expect(checkLinearizable(MUTEX, released, BUDGET).verdict).toBe("ok");
  });
});

describe("The budget", () => {
  it("ends a search with how far it came", () => {
    const writes = Array.from({ length: 30 }, (_, id) =>
      answered(id, { write: id }, [0, 10], null),
    );
    const read = answered(30, { read: true }, [11, 12], 99);
    const verdict = checkLinearizable(REGISTER, [...writes, read], 1000);
    expect(verdict).toMatchObject({ verdict: "unknown", steps: 1000 });
  });
});
