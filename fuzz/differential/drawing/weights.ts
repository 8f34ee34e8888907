// How the arbitraries of steps weigh what they draw from.

import fc from "fast-check";
import type { Bytes } from "../../../core/contract.ts";
import type { CallStep } from "../steps/step.ts";

type Arbitrary<T> = fc.Arbitrary<T>;

export function often<A, B>(usual: Arbitrary<A>, other: Arbitrary<B>): Arbitrary<A | B> {
  return fc.oneof({ weight: 2, arbitrary: usual }, { weight: 1, arbitrary: other });
}

export function mostly<A, B>(usual: Arbitrary<A>, other: Arbitrary<B>): Arbitrary<A | B> {
  return fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: other });
}

export function rarely<A, B>(rare: Arbitrary<A>, usual: Arbitrary<B>): Arbitrary<A | B> {
  return fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: rare });
}

export function oneOf(...texts: readonly string[]): Arbitrary<Bytes> {
  return fc.constantFrom(...(texts as readonly Bytes[]));
}

/** To the first member, by nobody. */
export function said<C extends CallStep["kind"]>(
  kind: C,
  message: Extract<CallStep, { kind: C }>["message"],
): CallStep {
  return { kind, at: 0, as: "", message } as CallStep;
}

/** Without what is zero: it is not on the wire, and need not be read. */
export function thin<T extends object>(message: T): T {
  return Object.fromEntries(Object.entries(message).filter(([, part]) => isSaid(part))) as T;
}

function isSaid(part: unknown): boolean {
  return part !== 0 && part !== false && part !== "" && !(Array.isArray(part) && part.length === 0);
}
