// Is there an order of these operations that explains every answer and agrees with real time? A
// depth-first search for any sequential model, after Wing & Gong, Lowe, and porcupine.
//
// A configuration is (returns passed, pending operations already placed, state, unknown ones used):
// its size does not grow with the history. Three reductions keep the search small:
//   R1  an operation that is pure (in no state does it change anything) is placed as soon as it is
//       legal, without a branch. "Changes nothing in this state" would not do: a write of the value
//       that is already there may be needed later, after another write;
//   R2  of two equal configurations the one that used fewer unknown operations can do all that the
//       other can;
//   R3  unknown operations with equal requests are interchangeable: only the earliest is tried.

import type { Operation } from "../history.ts";
import { createTimeline } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";
import type { Verdict } from "../verdict/verdict.ts";

/** A sequential object, as a record of pure functions. */
export type Model<S, I, O> = Readonly<{
  initial: S;
  /** The state after `input` was answered by `output`; null when it cannot have been. */
  accept: (state: S, input: I, output: O) => S | null;
  /** The state after `input`, whatever the answer was. */
  apply: (state: S, input: I) => S;
  /** Equal for equal states, different for different ones. */
  keyOf: (state: S) => string;
  /** Equal for requests that do the same in every state. */
  keyOfInput: (input: I) => string;
  /** True when an operation with this answer leaves every state in which it is legal as it is. */
  isPure: (input: I, output: O) => boolean;
}>;

/** One point of the search. Its ancestors, through `parent`, are the order so far. */
type Node<S> = Readonly<{
  parent: Node<S> | null;
  placed: number; // the id of the operation placed last; −1 at the root
  passed: number; // returns behind us
  mask: readonly number[]; // pending operations already placed: one bit per slot
  state: S;
  used: readonly number[]; // positions of the unknown operations in use, ascending
}>;

type Known<I, O> = Readonly<{ id: number; slot: number; input: I; output: O; isPure: boolean }>;
type Choice<S> = Readonly<{ node: Node<S>; known: number; unknown: number }>; // one of them is −1

/** What a search is about, and how many steps it has taken. */
type Search<S, I, O> = {
  readonly model: Model<S, I, O>;
  readonly timeline: Timeline<I, O>;
  readonly known: readonly Known<I, O>[];
  readonly unknownKeys: readonly string[];
  steps: number;
};

/** The budget is in steps of the model, so that a verdict never depends on the machine. */
export function checkLinearizable<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
  budgetSteps: number,
): Verdict {
  const timeline = createTimeline(history);
  const known = timeline.known.map(({ id, slot, input, output }): Known<I, O> => {
    return { id, slot, input, output, isPure: model.isPure(input, output) };
  });
  const unknownKeys = timeline.unknown.map(({ input }) => model.keyOfInput(input));
  const search: Search<S, I, O> = { model, timeline, known, unknownKeys, steps: 0 };
  const memo = createMemo(model);
  const agenda = createAgenda<S>();
  const mask = Array.from({ length: timeline.words }, () => 0);
  const state = model.initial;
  const root = settle(search, { parent: null, placed: -1, passed: 0, mask, state, used: [] });
  let best = root;
  for (let node: Node<S> | null = root; ;) {
    const { steps } = search;
    if (node !== null && memo.isNew(node)) {
      if (node.passed === known.length) return { verdict: "ok", order: orderOf(node), steps };
      if (node.passed > best.passed) best = node;
      agenda.add(choicesOf(search, node));
    }
    const choice = agenda.next();
    if (choice === null) {
      const operation = (known[best.passed] as Known<I, O>).id;
      const longest = orderOf(best);
      return { verdict: "illegal", certificate: { kind: "no_order", longest, operation }, steps };
    }
    if (steps >= budgetSteps) {
      const stoppedAt = `return ${best.passed} of ${known.length}`;
      return { verdict: "unknown", steps, stoppedAt };
    }
    node = follow(search, choice);
  }
}

/** Passes the returns of what is placed, and places what is pure and legal (R1). */
function settle<S, I, O>(search: Search<S, I, O>, start: Node<S>): Node<S> {
  const { timeline, known, model } = search;
  let node = passReturns(timeline, known, start);
  for (let at = 0; at < (timeline.pending[node.passed]?.length ?? 0); at++) {
    const operation = known[(timeline.pending[node.passed] as readonly number[])[at] as number];
    if (operation === undefined || !operation.isPure || isPlaced(node, operation.slot)) continue;
    search.steps++;
    const state = model.accept(node.state, operation.input, operation.output);
    if (state === null) continue;
    const before = node.passed;
    node = passReturns(timeline, known, place(node, operation, state));
    if (node.passed !== before) at = -1; // others are pending now
  }
  return node;
}

/** The configuration after a choice; null if the operation is not legal there, or useless. */
function follow<S, I, O>(search: Search<S, I, O>, choice: Choice<S>): Node<S> | null {
  const { model, known, timeline } = search;
  const { node } = choice;
  search.steps++;
  if (choice.known >= 0) {
    const operation = known[choice.known] as Known<I, O>;
    const state = model.accept(node.state, operation.input, operation.output);
    return state === null ? null : settle(search, place(node, operation, state));
  }
  const operation = timeline.unknown[choice.unknown] as Timeline<I, O>["unknown"][number];
  const state = model.apply(node.state, operation.input);
  if (model.keyOf(state) === model.keyOf(node.state)) return null; // as good as never
  const used = [...node.used, choice.unknown].toSorted((a, b) => a - b);
  return settle(search, { ...node, parent: node, placed: operation.id, state, used });
}

/** Every operation that may come next; of interchangeable unknown ones the earliest (R3). */
function choicesOf<S, I, O>(search: Search<S, I, O>, node: Node<S>): readonly Choice<S>[] {
  const { timeline, known, unknownKeys } = search;
  const choices: Choice<S>[] = [];
  for (const at of timeline.pending[node.passed] as readonly number[]) {
    const isOpen = !isPlaced(node, (known[at] as Known<I, O>).slot);
    if (isOpen) choices.push({ node, known: at, unknown: -1 });
  }
  const tried = new Set<string>();
  for (let at = 0; at < (timeline.callable[node.passed] as number); at++) {
    const key = unknownKeys[at] as string;
    if (node.used.includes(at) || tried.has(key)) continue;
    tried.add(key);
    choices.push({ node, known: -1, unknown: at });
  }
  return choices;
}

type Agenda<S> = Readonly<{
  add: (choices: readonly Choice<S>[]) => void;
  next: () => Choice<S> | null;
}>;

/** Known operations depth first. Unknown ones only when nothing else is left: at the furthest
 *  return  first, and there breadth first, so that the fewer are used, the earlier (which makes R2
 *  bite). */
function createAgenda<S>(): Agenda<S> {
  const stack: Choice<S>[] = [];
  const queues: Choice<S>[][] = []; // by returns passed
  const heads: number[] = [];
  return {
    add: (choices) => {
      for (const choice of choices.toReversed()) if (choice.known >= 0) stack.push(choice);
      for (const choice of choices) {
        if (choice.known >= 0) continue;
        const { passed } = choice.node;
        while (queues.length <= passed) {
          queues.push([]);
          heads.push(0);
        }
        (queues[passed] as Choice<S>[]).push(choice);
      }
    },
    next: () => {
      const known = stack.pop();
      if (known !== undefined) return known;
      for (; queues.length > 0; queues.pop(), heads.pop()) {
        const queue = queues.at(-1) as Choice<S>[];
        const head = heads.at(-1) as number;
        heads[heads.length - 1] = head + 1;
        if (head < queue.length) return queue[head] as Choice<S>;
      }
      return null;
    },
  };
}

/** Known operations are sorted by return, so the next return is that of number `passed`. */
function passReturns<S, I, O>(
  timeline: Timeline<I, O>,
  known: readonly Known<I, O>[],
  start: Node<S>,
): Node<S> {
  let { passed } = start;
  let mask: number[] | null = null;
  while (passed < timeline.known.length) {
    const { slot } = known[passed] as Known<I, O>;
    if (!isPlaced({ mask: mask ?? start.mask }, slot)) break;
    mask ??= start.mask.slice();
    mask[slot >>> 5] = (mask[slot >>> 5] as number) & ~(1 << (slot & 31));
    passed++;
  }
  return mask === null ? start : { ...start, passed, mask };
}

function place<S>(node: Node<S>, operation: Known<unknown, unknown>, state: S): Node<S> {
  const mask = node.mask.slice();
  const { slot } = operation;
  mask[slot >>> 5] = (mask[slot >>> 5] as number) | (1 << (slot & 31));
  return { ...node, parent: node, placed: operation.id, mask, state };
}

function isPlaced({ mask }: Readonly<{ mask: readonly number[] }>, slot: number): boolean {
  return (((mask[slot >>> 5] as number) >>> (slot & 31)) & 1) === 1;
}

function orderOf<S>(node: Node<S>): readonly number[] {
  const order: number[] = [];
  for (let at: Node<S> | null = node; at !== null; at = at.parent) {
    if (at.placed >= 0) order.push(at.placed);
  }
  return order.toReversed();
}

/** Exact memory of where the search has been: no hash stands for a state. */
function createMemo<S, I, O>(
  model: Model<S, I, O>,
): Readonly<{ isNew: (node: Node<S>) => boolean }> {
  const stateIds = new Map<string, number>();
  const seen = new Map<string, (readonly number[])[]>();
  return {
    isNew: ({ passed, mask, state, used }) => {
      const key = model.keyOf(state);
      const id = stateIds.get(key) ?? stateIds.size;
      stateIds.set(key, id);
      const configuration = `${passed} ${mask.join()} ${id}`;
      const usedSets = seen.get(configuration);
      if (usedSets === undefined) seen.set(configuration, [used]);
      else if (usedSets.some((set) => isSubset(set, used))) return false;
      else usedSets.push(used);
      return true;
    },
  };
}

function isSubset(small: readonly number[], large: readonly number[]): boolean {
  return small.every((element) => large.includes(element));
}
