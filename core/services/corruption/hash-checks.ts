// Members compare the hashes of their stores, so that one whose bytes were silently harmed is
// found before it misleads clients for long: each check off unless asked for.
//
//   history      the leader, every so often: the hash of everything up to its present revision
//   compactions  the leader, every so often: the hashes that members remember of compactions
//   start        a member that starts, before it serves anybody (initial-check.ts)
//
// A check is a round of questions to all members. What is compared was committed, so it does not
// matter who leads meanwhile, nor whether an answer is late; an answer that cannot be compared
// accuses nobody. Whoever is accused gets the alarm CORRUPT, and the cluster refuses writes.

import type { Index, Millis, NodeId } from "../../contract.ts";
import { corruptAlarm, isRaised } from "../../apply/alarms.ts";
import { encodeCommand, NOBODY } from "../../apply/commands/command.ts";
import { requestTimeoutMs } from "../../config.ts";
import type { Config } from "../../config.ts";
import type { Answer, Finding } from "../../corruption/blame.ts";
import { blame, compareCompactions, describeHash, showingsOf } from "../../corruption/blame.ts";
import type { CompactionHashes } from "../../corruption/compaction-hashes.ts";
import { followCompaction, NO_COMPACTION_HASHES } from "../../corruption/compaction-hashes.ts";
import type { HashAnswer, HashAsk, HashMessage, RevisionHash } from "../../corruption/message.ts";
import { overlaid } from "../../kv/overlay.ts";
import type { HashWalk } from "../../mvcc/hash/hash.ts";
import type { Mvcc } from "../../mvcc/store.ts";
import type { Comparing } from "../maintenance/hash-calls.ts";
import { beginComparison, dropComparisons } from "../maintenance/hash-calls.ts";
import type { HashCheck } from "../../transcript/trace.ts";
import type { Turn } from "../../turn/turn.ts";
import { setUpkeep } from "../../turn/set-state.ts";
import { tellRaft } from "../../turn/turn.ts";

export type Corruption = Readonly<{
  historyAt: Millis; // when the next check of each kind is due
  compactionsAt: Millis;
  rounds: number; // begun in this life
  round: Round | null;
  inquiries: readonly Inquiry[]; // one for each member that has asked
  compactions: CompactionHashes;
  agreed: number; // the newest compaction on which all members agreed
}>;

export type Round = Readonly<{
  check: HashCheck;
  ask: HashAsk;
  compacted: number;
  own: number | null; // the hash; null: not known yet. Of compactions there are several: 0
  answers: readonly Answer[];
  askedAt: Millis;
  until: Millis | null; // null: as long as this member's own hash takes
}>;

/** `answer` null: it waits for an entry, or for the hash. */
type Inquiry = Readonly<{
  from: NodeId;
  ask: HashAsk;
  isWalking: boolean;
  answer: HashAnswer | null;
}>;

export function createCorruption({ limits }: Config, now: Millis): Corruption {
  return {
    historyAt: (now + limits.checks.historyMs) as Millis,
    compactionsAt: (now + limits.checks.compactionsMs) as Millis,
    rounds: 0,
    round: null,
    inquiries: [],
    compactions: NO_COMPACTION_HASHES,
    agreed: -1,
  };
}

/** Follows an entry that changed how far the store is compacted. */
export function noteCompaction(turn: Turn, before: Turn["state"]["store"], after: Mvcc): void {
  const { corruption } = turn.state.upkeep;
  const view = overlaid(before.overlay, turn.kv);
  const compactions = followCompaction(corruption.compactions, before.mvcc, after, view);
  patch(turn, { compactions });
}

/** An image has taken the store's place: nothing that was known of it is true. */
export function forgetHashes(turn: Turn): void {
  dropComparisons(turn, () => true);
  patch(turn, { round: null, inquiries: [], compactions: NO_COMPACTION_HASHES });
}

export function tickCorruption(turn: Turn): void {
  if (turn.state.installing !== null) return;
  serveInquiries(turn);
  const { round } = turn.state.upkeep.corruption;
  if (round !== null) proceed(turn, round);
  else if (isDue(turn, "history")) beginHistory(turn);
  else if (isDue(turn, "compactions")) beginCompactions(turn);
}

export function takeHashMessage(turn: Turn, from: NodeId, message: HashMessage): void {
  const { store, installing } = turn.state;
  const { corruption } = turn.state.upkeep;
  if (installing !== null || !store.members.some(({ id }) => id === from)) return; // asked again
  if (message.kind === "hash_answer") return takeAnswer(turn, from, message);
  const known = corruption.inquiries.find((inquiry) => inquiry.from === from);
  if (known?.ask.id === message.id) {
    if (known.answer !== null) send(turn, from, known.answer);
    return;
  }
  dropComparisons(turn, ({ asker }) => asker === from);
  const inquiry = { from, ask: message, isWalking: false, answer: null };
  keepInquiry(turn, inquiry);
  serveInquiry(turn, inquiry);
}

/** A hash that somebody waited for, or the news that there is none. */
export function noteHash(turn: Turn, { asker, id }: Comparing, walk: HashWalk | null): void {
  const { config, now } = turn.state;
  const { corruption } = turn.state.upkeep;
  if (asker !== config.node) {
    const inquiry = corruption.inquiries.find(({ from, ask }) => from === asker && ask.id === id);
    if (inquiry !== undefined) answerInquiry(turn, inquiry, walk === null ? [] : [resultOf(walk)]);
    return;
  }
  const { round } = corruption;
  if (round?.ask.id !== id) return;
  const until = (now + requestTimeoutMs(config)) as Millis;
  patch(turn, { round: walk === null ? null : { ...round, own: walk.hash, until } });
}

// Those who ask.

function isDue(turn: Turn, check: "history" | "compactions"): boolean {
  const { config, now, raft, store } = turn.state;
  const { corruption } = turn.state.upkeep;
  const intervalMs = config.limits.checks[`${check}Ms`];
  if (intervalMs === 0 || now < corruption[`${check}At`]) return false;
  patch(turn, { [`${check}At`]: now + intervalMs });
  return raft.role === "leader" && store.members.length > 1;
}

function beginHistory(turn: Turn): void {
  const { mvcc, applied } = turn.state.store;
  const id = beginRound(turn, "history", applied);
  beginComparison(turn, { asker: turn.state.config.node, id }, mvcc.revision);
}

function beginCompactions(turn: Turn): void {
  if (unchecked(turn.state.upkeep.corruption).length > 0)
    beginRound(turn, "compactions", 0 as Index);
}

/** The hash of this member is still to be taken, but of compactions there are some. */
export function beginRound(turn: Turn, check: Round["check"], index: Index): bigint {
  const { life, raft, store, now, config } = turn.state;
  const { corruption } = turn.state.upkeep;
  const id = BigInt.asUintN(64, life + BigInt(corruption.rounds));
  const { revision, compaction } = store.mvcc;
  const isReady = check === "compactions";
  const topic = isReady ? "compactions" : "history";
  const ask = { kind: "hash_ask", term: raft.term, id, topic, index, revision } as const;
  const until = isReady ? ((now + requestTimeoutMs(config)) as Millis) : null;
  const own = isReady ? 0 : null;
  const { scheduled: compacted } = compaction;
  const round: Round = { check, ask, compacted, own, answers: [], askedAt: now, until };
  patch(turn, { rounds: corruption.rounds + 1, round });
  askSilent(turn, round);
  return id;
}

/** What was asked may have been lost. */
export function askAgain(turn: Turn, round: Round): void {
  const { now, config } = turn.state;
  if (now - round.askedAt < config.electionMs) return;
  patch(turn, { round: { ...round, askedAt: now } });
  askSilent(turn, round);
}

function askSilent(turn: Turn, round: Round): void {
  for (const member of silentIn(turn, round)) send(turn, member, round.ask);
}

/** Members that have not answered. */
export function silentIn({ state }: Turn, { answers }: Round): readonly NodeId[] {
  const heard = new Set([state.config.node, ...answers.map(({ member }) => member)]);
  return state.store.members.flatMap(({ id }) => (heard.has(id) ? [] : [id]));
}

function takeAnswer(turn: Turn, member: NodeId, answer: HashAnswer): void {
  const { round } = turn.state.upkeep.corruption;
  if (round?.ask.id !== answer.id || !silentIn(turn, round).includes(member)) return;
  patch(turn, { round: { ...round, answers: [...round.answers, { ...answer, member }] } });
}

function proceed(turn: Turn, round: Round): void {
  const { raft, store, now, config } = turn.state;
  if (raft.role !== "leader" || raft.term !== round.ask.term) {
    dropComparisons(turn, ({ asker }) => asker === config.node);
    return patch(turn, { round: null });
  }
  askAgain(turn, round);
  const isOver = round.until !== null && now >= round.until;
  const isComplete = round.own !== null && silentIn(turn, round).length === 0;
  const isCaughtUp = round.answers.every(({ index }) => index <= store.applied);
  if (isOver || (isComplete && isCaughtUp)) conclude(turn, round);
}

function conclude(turn: Turn, round: Round): void {
  const { store, config } = turn.state;
  const { corruption } = turn.state.upkeep;
  endRound(turn, round);
  if (round.check === "history") return accuse(turn, round, historyOf(turn, round));
  const own = unchecked(corruption);
  const { members } = store;
  const compared = compareCompactions(own, round.answers, config.node, members.length);
  if (compared.agreed !== null) patch(turn, { agreed: compared.agreed });
  accuse(turn, round, compared.finding);
}

export function endRound(turn: Turn, { check, answers }: Round): void {
  patch(turn, { round: null });
  const event = { kind: "hashes_compared", check, members: answers.length } as const;
  turn.effects.push({ kind: "trace", event });
}

function historyOf(turn: Turn, { answers, ask, compacted, own }: Round): Finding {
  const { store, config } = turn.state;
  const { revision, compaction } = store.mvcc;
  const position = { index: store.applied, revision, compacted: compaction.scheduled };
  const asked = { index: ask.index, revision: ask.revision, compacted };
  const mine = { member: config.node, what: describeHash(own ?? 0) };
  const showings = [mine, ...showingsOf(answers, asked, position)];
  return { revision: ask.revision, showings };
}

function accuse(turn: Turn, { check }: Round, finding: Finding | null): void {
  if (finding === null) return;
  const { store, config, life } = turn.state;
  const members = blame(finding.showings, store.members.length);
  if (members.length === 0) return;
  turn.effects.push({ kind: "trace", event: { kind: "corrupt", check, members, ...finding } });
  const origin = { node: config.node, life, call: NOBODY };
  for (const member of members) {
    if (isRaised(store.alarms, "corrupt", member)) continue;
    tellRaft(turn, { kind: "propose", data: encodeCommand(corruptAlarm(origin, member)) });
  }
}

function unchecked({ compactions, agreed }: Corruption): readonly RevisionHash[] {
  return compactions.kept.filter(({ revision }) => revision > agreed);
}

// Those who are asked.

export function serveInquiries(turn: Turn): void {
  for (const inquiry of turn.state.upkeep.corruption.inquiries) serveInquiry(turn, inquiry);
}

function serveInquiry(turn: Turn, inquiry: Inquiry): void {
  const { store } = turn.state;
  const { corruption, admission } = turn.state.upkeep;
  const { ask, from, isWalking, answer } = inquiry;
  if (answer !== null || isWalking) return;
  if (store.applied < ask.index && admission.kind === "open") return; // else nothing is to come
  if (ask.topic === "compactions") return answerInquiry(turn, inquiry, corruption.compactions.kept);
  const { revision, compaction } = store.mvcc;
  const isThere = ask.revision <= revision && ask.revision >= compaction.scheduled;
  if (!isThere) return answerInquiry(turn, inquiry, []);
  keepInquiry(turn, { ...inquiry, isWalking: true });
  beginComparison(turn, { asker: from, id: ask.id }, ask.revision);
}

/** The answer is kept, for it may be lost on its way. */
function answerInquiry(turn: Turn, inquiry: Inquiry, hashes: readonly RevisionHash[]): void {
  const { store, raft } = turn.state;
  const { revision, compaction } = store.mvcc;
  const { id } = inquiry.ask;
  const where = { index: store.applied, revision, compacted: compaction.scheduled };
  const answer = { kind: "hash_answer", term: raft.term, id, ...where, hashes } as const;
  keepInquiry(turn, { ...inquiry, isWalking: false, answer });
  send(turn, inquiry.from, answer);
}

function keepInquiry(turn: Turn, inquiry: Inquiry): void {
  const { members } = turn.state.store;
  const others = turn.state.upkeep.corruption.inquiries.filter(
    ({ from }) => from !== inquiry.from && members.some(({ id }) => id === from),
  );
  patch(turn, { inquiries: [...others, inquiry] });
}

function resultOf({ revision, compacted, hash }: HashWalk): RevisionHash {
  return { revision, compacted, hash };
}

function send(turn: Turn, to: NodeId, message: HashMessage): void {
  turn.effects.push({ kind: "peer.send", to, message });
}

function patch(turn: Turn, change: Partial<Corruption>): void {
  setUpkeep(turn, {
    ...turn.state.upkeep,
    corruption: { ...turn.state.upkeep.corruption, ...change },
  });
}
