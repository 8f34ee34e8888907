// Simpler sequences, by leaving things out: steps, operations of a transaction, fields of a message
// (what is left out is zero). Every try is a whole run, so the large parts go first.

import type { Sequence, Step } from "./steps/step.ts";

/** The simplest that is found and still fails, before `isTime` says to stop. `failsAfter` tells how
 *  many of its steps a sequence needs to fail; null if it does not. */
export async function shrink(
  sequence: Sequence,
  failsAfter: (simpler: Sequence) => Promise<number | null>,
  isTime: () => boolean,
): Promise<Sequence> {
  let best = sequence;
  const attempt = async (steps: readonly Step[]): Promise<boolean> => {
    const needed = isTime() ? null : await failsAfter({ ...best, steps });
    if (needed !== null) best = { ...best, steps: steps.slice(0, needed) };
    return needed !== null;
  };
  let isSimpler = true;
  while (isSimpler && !isTime()) {
    isSimpler = false;
    for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = best.steps.length - size; from >= 0; from -= size) {
        if (await attempt(best.steps.toSpliced(from, size))) isSimpler = true;
      }
    }
    for (let at = best.steps.length - 1; at >= 0; at--) {
      const step = best.steps[at];
      if (step === undefined) continue; // an earlier one fails by itself by now
      if (await shrinkStep(step, (way) => attempt(best.steps.with(at, way)))) isSimpler = true;
    }
  }
  return best;
}

/** Whether anything could be left out. */
async function shrinkStep(
  step: Step,
  attempt: (simpler: Step) => Promise<boolean>,
): Promise<boolean> {
  let best = step;
  let isSimpler = false;
  let skipped = 0; // what was tried in vain comes first again in every list of ways
  for (;;) {
    const [way] = [...simplerSteps(best)].slice(skipped);
    if (way === undefined) return isSimpler;
    if (await attempt(way)) {
      best = way;
      isSimpler = true;
    } else skipped++;
  }
}

/** Said to the first member, by nobody, without haste, or with less in it. */
function* simplerSteps(step: Step): Generator<Step, void, undefined> {
  if (step.kind === "leave" || step.kind === "restart" || step.kind === "half_close") return;
  if (step.kind === "raw") return;
  if (step.kind === "watch" && step.isHasty) yield { ...step, isHasty: false };
  if (step.kind !== "watch" && step.at !== 0) yield { ...step, at: 0 };
  if (step.as !== "") yield { ...step, as: "" };
  for (const message of ways(step.message)) yield { ...step, message } as Step;
}

/** The message without one of its parts, the outermost first. */
function* ways(message: unknown): Generator<unknown, void, undefined> {
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return;
  const isList = Array.isArray(message);
  const parts = Object.entries(message);
  const assembled = (left: typeof parts): unknown =>
    isList ? left.map(([, part]) => part) : Object.fromEntries(left);
  for (const [name] of parts) yield assembled(parts.filter(([other]) => other !== name));
  for (const [name, part] of parts) {
    for (const way of ways(part)) {
      yield assembled(parts.map((each) => (each[0] === name ? [name, way] : each)));
    }
  }
}
