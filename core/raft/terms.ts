// How far others may take a member's term.
//
// Terms are safe integers, and the last one has no successor: whoever made the members believe in
// it would have ended their elections for good, for a term is never given back. But nobody comes to
// a term otherwise than by an election, one per election timeout. So within one election timeout of
// its own clock a member follows the words of others by no more than TERM_STEP_MAX terms. What
// claims more is not heard, whatever it is; yet the member goes as far as it may, as if it had lost
// so many elections, which harms nothing: it never voted in those terms.
//
// So members that have honestly drifted apart meet again, however far: whoever is behind gains a
// whole step in each election timeout in which it hears a higher term, while elections raise the
// highest one by one or two.

import type { Millis, NodeId, Term } from "../contract.ts";
import { becomeFollower } from "./role.ts";
import { trace, type Turn } from "./turn.ts";

/** As many as a member that is cut off, and asks for no pre-vote, reaches alone in twelve days of
 *  elections, one a second; and so few that strangers who claim the most all the time would need
 *  270 years to come near the last one. */
export const TERM_STEP_MAX: number = 2 ** 20;

/** The term at which a span of one election timeout began, and when. */
export type TermSpan = Readonly<{ since: Millis; term: Term }>;

/** May another's word take this member to `term` now? If not, it went as far as it might. */
export function mayRiseTo(turn: Turn, term: Term, from: NodeId): boolean {
  const highest = highestNow(turn);
  if (term <= highest) return true;
  if (highest <= turn.state.term) return false; // it went there before
  trace(turn, { kind: "term_refused", term, from, highest });
  becomeFollower(turn, highest, null);
  return false;
}

function highestNow(turn: Turn): Term {
  const { config, now, term, termSpan } = turn.state;
  const isOver = now - termSpan.since >= config.electionMs;
  const span = isOver ? { since: now, term } : termSpan;
  turn.state = { ...turn.state, termSpan: span };
  return Math.min(span.term + TERM_STEP_MAX, Number.MAX_SAFE_INTEGER) as Term;
}
