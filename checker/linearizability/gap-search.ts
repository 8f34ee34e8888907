// Replays a history in the order of its revisions. Where several operations of unknown outcome
// could have made a revision, one is guessed, and a failure jumps back to the latest guess that it
// can depend on (conflict-directed backjumping). Without gaps this is a plain replay.

import { differenceOf } from "../model/etcd-answer.ts";
import { orderOfBytes } from "../model/etcd-compare.ts";
import { EMPTY_STORE, evaluate, pairOf } from "../model/etcd-model.ts";
import type { Answer, EtcdState } from "../model/etcd-model.ts";
import type { Evidence } from "./evidence.ts";
import { footprintOf, overlap } from "./footprint.ts";
import type { Span } from "./footprint.ts";
import { findGaps, sortByPromise } from "./gaps.ts";
import type { Gaps, Suspect } from "./gaps.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import { placeRefusals } from "./refusals.ts";
import type { Placed } from "./refusals.ts";
import type { RevisionIndex } from "./revision-index.ts";
import type { Certificate } from "../verdict/verdict.ts";

export type Fillers = ReadonlyMap<number, KeyOperation>; // by the revision that they made
export type Replay = Readonly<
  | { kind: "accepted"; last: number; fillers: Fillers; refusals: readonly Placed[] }
  | { kind: "rejected"; certificate: Certificate }
  | { kind: "out_of_steps"; revision: number; guesses: number }
>;
export type Steps = { left: number };

type Guess = {
  readonly revision: number;
  readonly before: EtcdState;
  readonly candidates: readonly number[];
  next: number;
  chosen: number; // −1: none at the moment
  readonly conflict: Set<number>; // earlier guesses that the failures so far depend on
};

/** Why the search cannot go on, and the guesses without which it could. */
type Setback = Readonly<{
  certificate: Certificate;
  revision: number;
  conflict: ReadonlySet<number>;
}>;
type Progress = Readonly<{ state: EtcdState; setback: Setback | null }>;

/** Who can have changed some keys, and of which gaps such a one is a candidate. */
type Culprits = Readonly<{ suspects: ReadonlySet<number>; byRevision: Map<number, boolean> }>;

type Search = {
  readonly index: RevisionIndex;
  readonly evidence: Evidence;
  readonly gaps: Gaps;
  readonly steps: Steps;
  readonly guesses: Guess[];
  readonly guessOf: Map<number, number>; // a suspect in use → its guess
  readonly culprits: Map<string, Culprits>; // by footprint
  furthest: Setback | null;
};

export function replay(index: RevisionIndex, evidence: Evidence, steps: Steps): Replay {
  const gaps = findGaps(index, evidence);
  const search: Search = {
    index,
    evidence,
    gaps,
    steps,
    guesses: [],
    guessOf: new Map(),
    culprits: new Map(),
    furthest: null,
  };
  let progress = settle(search, EMPTY_STORE);
  for (;;) {
    const { state, setback } = progress;
    if (steps.left <= 0) {
      return { kind: "out_of_steps", revision: state.revision, guesses: search.guesses.length };
    }
    const isAtEnd = setback === null && state.revision >= index.top;
    const placement = isAtEnd ? placeRefusals(index, fillersOf(search), state) : null;
    if (placement?.kind === "placed") {
      const { refusals } = placement;
      return { kind: "accepted", last: state.revision, fillers: fillersOf(search), refusals };
    }
    const writer = index.writers[state.revision + 1] ?? null;
    if (setback === null && writer !== null) {
      progress = advance(search, state, writer);
      continue;
    }
    if (placement !== null) search.guesses.push(guessAfterEnd(search, state, placement));
    else if (setback === null) search.guesses.push(guessAtGap(search, state));
    const next = guessOn(search, setback);
    if (next === null) {
      return { kind: "rejected", certificate: (search.furthest as Setback).certificate };
    }
    progress = settle(search, next);
  }
}

/** The answered operation that made the next revision, and what was answered after it. */
function advance(search: Search, state: EtcdState, writer: KeyOperation): Progress {
  const outcome = evaluate(state, writer.input);
  search.steps.left--;
  const setback = disagreement(search, writer, outcome.answer, state.revision + 1);
  return setback === null ? settle(search, outcome.state) : { state, setback };
}

/** Everything that changed nothing and reports the revision of this store. */
function settle(search: Search, state: EtcdState): Progress {
  for (const operation of search.index.neutrals.get(state.revision) ?? []) {
    search.steps.left--;
    const { answer } = evaluate(state, operation.input);
    const setback = disagreement(search, operation, answer, state.revision);
    if (setback !== null) return { state, setback };
  }
  return { state, setback: null };
}

function disagreement(
  search: Search,
  { id, input, outcome }: KeyOperation,
  expected: Answer,
  revision: number,
): Setback | null {
  const difference = outcome.kind === "ok" ? differenceOf(expected, outcome.output) : null;
  if (difference === null) return null;
  const conflict = new Set<number>();
  blame(search, conflict, footprintOf(input), search.guesses.length);
  const certificate: Certificate = { kind: "wrong_answer", operation: id, revision, difference };
  return { certificate, revision, conflict };
}

function guessAtGap({ gaps, index, guesses }: Search, before: EtcdState): Guess {
  const revision = before.revision + 1;
  const last = guesses.at(-1);
  const filler = last?.revision === before.revision ? gaps.suspects[last.chosen] : undefined;
  const previous = index.writers[before.revision] ?? filler?.operation;
  const possible = gaps.candidatesByRevision.get(revision) ?? [];
  const candidates = sortByPromise(gaps, possible, previous?.call ?? 0);
  return { revision, before, candidates, next: 0, chosen: -1, conflict: new Set() };
}

/** Every answer is explained, but some error was right only after something that nobody saw. */
function guessAfterEnd(
  search: Search,
  before: EtcdState,
  misplaced: Readonly<{ certificate: Certificate; footprint: readonly Span[] }>,
): Guess {
  const { certificate, footprint } = misplaced;
  const useful = search.gaps.suspects.filter(
    ({ operation, spans }) => operation.input.kind !== "put" && overlap(spans, footprint),
  );
  const needsAll = useful.some(({ isTxn }) => isTxn);
  const candidates = [...search.gaps.suspects.keys()].filter(
    (at) => needsAll || useful.includes(search.gaps.suspects[at] as Suspect),
  );
  // Which moments the error had to choose from depends on every guess.
  const conflict = new Set(search.guesses.keys());
  const revision = before.revision + 1;
  note(search, { certificate, revision, conflict });
  return { revision, before, candidates, next: 0, chosen: -1, conflict };
}

/** After a setback, or at a new guess: the next store to go on with, or null when none is left. */
function guessOn(search: Search, setback: Setback | null): EtcdState | null {
  const { guesses, guessOf } = search;
  for (let current = setback; ;) {
    if (current !== null) {
      note(search, current);
      let target = -1;
      for (const guess of current.conflict) target = Math.max(target, guess);
      while (guesses.length - 1 > target) guessOf.delete((guesses.pop() as Guess).chosen);
      const guess = guesses.at(-1);
      if (guess === undefined) return null;
      guessOf.delete(guess.chosen);
      guess.chosen = -1;
      for (const level of current.conflict) if (level !== target) guess.conflict.add(level);
    }
    const guess = guesses.at(-1) as Guess;
    const state = nextChoice(search, guess);
    if (state !== null) return state;
    guesses.pop();
    const certificate = unexplained(search, guess.revision);
    current = { certificate, revision: guess.revision, conflict: guess.conflict };
  }
}

function nextChoice(search: Search, guess: Guess): EtcdState | null {
  const { gaps, guessOf } = search;
  const requestKeyOf = (at: number): string => (gaps.suspects[at] as Suspect).requestKey;
  const past = guess.candidates.slice(0, guess.next).filter((at) => !guessOf.has(at));
  const tried = new Set(past.map(requestKeyOf));
  while (guess.next < guess.candidates.length) {
    const at = guess.candidates[guess.next++] as number;
    const user = guessOf.get(at);
    if (user !== undefined) {
      guess.conflict.add(user);
      continue;
    }
    if (tried.has(requestKeyOf(at))) continue; // as good as an earlier one
    tried.add(requestKeyOf(at));
    const state = fill(search, guess, gaps.suspects[at] as Suspect);
    if (state === null) continue;
    guess.chosen = at;
    guessOf.set(at, search.guesses.length - 1);
    return state;
  }
  return null;
}

/** The store after the suspect made the revision; null if it cannot have. */
function fill(search: Search, guess: Guess, { operation }: Suspect): EtcdState | null {
  search.steps.left--;
  const { evidence } = search;
  const { revision } = guess;
  const { state } = evaluate(guess.before, operation.input);
  const isAsSeen = evidence.seenOf(revision).every(({ key, pair, hasValue }) => {
    const written = pairOf(state, key, revision);
    return (
      written !== null &&
      written.modRevision === pair?.modRevision &&
      written.version === pair.version &&
      written.createRevision === pair.createRevision &&
      (!hasValue || orderOfBytes(written.value, pair.value) === 0)
    );
  });
  const isHarmless = state.entries.every((run) =>
    run.every(({ key, latest: { revision: written, kv } }) => {
      if (written !== revision) return true;
      if (evidence.isUntouched(key, revision)) return false;
      return kv === null ? !evidence.isAlive(key, revision) : evidence.leadsOn(kv);
    }),
  );
  if (state.revision === revision && isAsSeen && isHarmless) return state;
  blame(search, guess.conflict, footprintOf(operation.input), search.guesses.length - 1);
  return null;
}

/** Adds the guesses below `limit` on which the keys of `footprint` may depend. */
function blame(
  search: Search,
  conflict: Set<number>,
  footprint: readonly Span[],
  limit: number,
): void {
  const { gaps, guesses, culprits, index } = search;
  const name = JSON.stringify(footprint);
  const known = culprits.get(name) ?? culpritsOf(gaps, footprint);
  culprits.set(name, known);
  for (const [level, { revision, candidates }] of guesses.slice(0, limit).entries()) {
    let isOne = known.byRevision.get(revision);
    if (isOne === undefined) {
      isOne = candidates.some((at) => known.suspects.has(at));
      // Behind the end, the candidates of a revision are not always the same.
      if (revision <= index.top) known.byRevision.set(revision, isOne);
    }
    if (isOne) conflict.add(level);
  }
}

/** The suspects that may have a hand in the keys of `footprint`. */
function culpritsOf(gaps: Gaps, footprint: readonly Span[]): Culprits {
  const suspects = new Set<number>();
  let spans = footprint;
  for (let isNew = true; isNew;) {
    isNew = false;
    for (const [at, suspect] of gaps.suspects.entries()) {
      if (suspects.has(at) || !overlap(suspect.spans, spans)) continue;
      suspects.add(at);
      if (!suspect.isTxn) continue;
      // What a transaction does to these keys depends on all that it looks at.
      spans = [...spans, ...footprintOf(suspect.operation.input)];
      isNew = true;
    }
  }
  return { suspects, byRevision: new Map() };
}

/** The setback that came furthest is the one to show. */
function note(search: Search, setback: Setback): void {
  if (search.furthest === null || setback.revision > search.furthest.revision) {
    search.furthest = setback;
  }
}

function unexplained({ index, evidence }: Search, revision: number): Certificate {
  let witness = evidence.seenOf(revision)[0]?.reader ?? -1;
  for (let at = revision; witness < 0 && at <= index.top; at++) {
    witness = (index.neutrals.get(at)?.[0] ?? index.writers[at])?.id ?? -1;
  }
  return { kind: "unexplained_revision", revision, witness };
}

function fillersOf({ gaps, guesses }: Search): Fillers {
  return new Map(
    guesses.map(({ revision, chosen }) => [revision, (gaps.suspects[chosen] as Suspect).operation]),
  );
}
