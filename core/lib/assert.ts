// Assertions stay on in production. A failed one is a bug of ours: nobody catches it, the process
// ends, and in the simulator the run ends and prints how to replay it.

/** A broken invariant. The message carries every number needed to understand it. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Where so much is asserted that to make every message would cost: `if (…) broken(…)`. */
export function broken(message: string): never {
  throw new AssertionError(message);
}

/** The value itself, where absence would be a bug. */
export function must<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionError(message);
  return value;
}

/** The end of a switch over a union: a forgotten kind does not compile. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected kind: ${JSON.stringify(value)}`);
}
