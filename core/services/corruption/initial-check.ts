// A member that starts compares its store with the others' before it serves anybody, if it is asked
// to: until then it neither votes, nor acknowledges, nor answers clients. It tells others that ask
// for its hash, so that members that start together compare themselves as well.
//
// As in etcd, whoever cannot be reached is not waited for, and an answer that cannot be compared is
// no reason to stay away. Unlike in etcd, one other member that differs is none either, if a
// majority does not: else the one that is harmed could keep all others out.

import type { Input, NodeId } from "../../contract.ts";
import { ERRORS } from "../../api/errors.ts";
import { isStreamRequest } from "../../api/request.ts";
import { askAgain, beginRound, endRound, serveInquiries, silentIn } from "./hash-checks.ts";
import type { Round } from "./hash-checks.ts";
import { beginComparison } from "../maintenance/hash-calls.ts";
import type { Turn } from "../../turn/turn.ts";
import { setUpkeep } from "../../turn/set-state.ts";
import { endStream, reply } from "../../turn/turn.ts";

export type Admission = Readonly<
  { kind: "open" } | { kind: "comparing"; unreachable: readonly NodeId[] } | { kind: "refused" }
>;

/** A store that holds nothing is nobody's to doubt, and alone there is nothing to compare with. */
export function beginAdmission(turn: Turn): void {
  const { config, store } = turn.state;
  if (!config.limits.checks.atStart) return;
  const isAlone = store.members.every(({ id }) => id === config.node);
  if (isAlone || store.applied === 0) return admit(turn);
  setUpkeep(turn, { ...turn.state.upkeep, admission: { kind: "comparing", unreachable: [] } });
  const id = beginRound(turn, "start", store.applied);
  beginComparison(turn, { asker: config.node, id }, store.mvcc.revision);
}

export function tickAdmission(turn: Turn): void {
  const { now } = turn.state;
  const { admission, corruption } = turn.state.upkeep;
  if (admission.kind !== "comparing") return;
  serveInquiries(turn);
  const { round } = corruption;
  if (round === null) return admit(turn);
  askAgain(turn, round);
  const missing = silentIn(turn, round).filter((id) => !admission.unreachable.includes(id));
  const isOver = round.until !== null && now >= round.until;
  if (isOver || (round.own !== null && missing.length === 0)) conclude(turn, round);
}

/** Not as long as it lasts. */
export function noteUnreachable(turn: Turn, peer: NodeId): void {
  const { admission } = turn.state.upkeep;
  if (admission.kind !== "comparing" || admission.unreachable.includes(peer)) return;
  const unreachable = [...admission.unreachable, peer];
  setUpkeep(turn, { ...turn.state.upkeep, admission: { ...admission, unreachable } });
}

/** Drivers make no calls before a member is admitted; should one, nothing is served. */
export function turnAway(turn: Turn, { call, request }: Extract<Input, { kind: "call" }>): void {
  if (isStreamRequest(request)) endStream(turn, call, ERRORS.Stopped);
  else reply(turn, call, { ok: false, error: ERRORS.Stopped });
}

/** Whoever shares its hash with a majority is not the one that was harmed. */
function conclude(turn: Turn, round: Round): void {
  const shown = round.answers.flatMap(({ member, hashes }) => {
    const { ask, compacted } = round;
    const known = hashes.find(({ revision }) => revision === ask.revision);
    return known?.compacted === compacted ? [{ member, isSame: known.hash === round.own }] : [];
  });
  const differing = shown.filter(({ isSame }) => !isSame).map(({ member }) => member);
  const agreeing = 1 + shown.length - differing.length;
  endRound(turn, round);
  const isBelieved = agreeing > turn.state.store.members.length / 2;
  if (differing.length === 0 || isBelieved) return admit(turn);
  setUpkeep(turn, { ...turn.state.upkeep, admission: { kind: "refused" } });
  const refusal = refusalOf(turn, round, differing);
  turn.effects.push({ kind: "admission", refusal });
}

function admit(turn: Turn): void {
  setUpkeep(turn, { ...turn.state.upkeep, admission: { kind: "open" } });
  turn.effects.push({ kind: "admission", refusal: null });
}

/** It begins with etcd's words. */
function refusalOf(turn: Turn, { ask, answers }: Round, differing: readonly NodeId[]): string {
  const self = turn.state.config.node.toString(16);
  const others = differing.map((id) => id.toString(16)).join(", ");
  const many = `${differing.length} of the ${answers.length} members that answered`;
  return (
    `${self} found data inconsistency with peers: at revision ${ask.revision} its hash is not ` +
    `that of ${many} (${others}). If they are right, take this member out and let it begin anew: ` +
    `etcdctl member remove ${self}; etcdctl member add … ; then start it with an empty --data-dir`
  );
}
