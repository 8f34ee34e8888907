// Why it is as it is, and what comes next, in sentences with numbers. Pure functions of a moment.

import type { Flight, Frame, Micros, NodeFrame } from "../sim/run/frame.ts";
import {
  campaignsOf,
  chancesOf,
  followersOf,
  hearsLeader,
  highestTerm,
  isCut,
  isElectionTalk,
  isUp,
  leaderOf,
  msUntilFire,
  nameOf,
  namesOf,
  nodeById,
  quorumOf,
  raftOf,
  refusalOf,
  termOf,
  voterCount,
  type Campaign,
  type Chances,
  type Refusal,
} from "./cluster.ts";
import { notesUntil } from "./history.ts";
import { shownFrame, type Model } from "./model.ts";
import type { Note } from "./notes.ts";
import { countText, shortText, sinceText } from "./words.ts";
import { atLeast } from "../core/lib/lists.ts";

export type Explanation = Readonly<{
  headline: string;
  isWell: boolean;
  margin: string; // how many more failures the quorum bears
  story: readonly Note[]; // newest last
  ballots: readonly string[]; // of the running elections
  next: readonly string[]; // soonest first
}>;

const STORY_LENGTH = 40;

export function explain(model: Model): Explanation {
  const frame = shownFrame(model);
  return {
    ...headlineOf(frame),
    margin: marginOf(frame),
    story: notesUntil(model.history, model.position, STORY_LENGTH),
    ballots: campaignsOf(frame).map((campaign) => ballotText(frame, campaign)),
    next: nextOf(frame, model.now),
  };
}

export function headlineOf(frame: Frame): Readonly<{ headline: string; isWell: boolean }> {
  if (frame.event.kind === "violation") return { headline: frame.event.text, isWell: false };
  const running = campaignsOf(frame);
  const leader = leaderOf(frame);
  if (leader !== null) {
    const needed = quorumOf(voterCount(frame));
    const followers = followersOf(frame, leader).length;
    const name = `n${leader.number} leads term ${termOf(leader)}`;
    if (followers >= needed) return { headline: name, isWell: true };
    if (running.length === 0) {
      return { headline: `${name}, followed by ${followers} of ${needed} needed`, isWell: false };
    }
  }
  return { headline: contestText(frame, running), isWell: false };
}

/** Who asks for votes, and what a running election lacks. */
export function ballotText(frame: Frame, campaign: Campaign): string {
  const { node, term, pre, yes, no, coming, silent, needed } = campaign;
  const names = (ids: Campaign["yes"]): string => ids.map((id) => nameOf(frame, id)).join(" ");
  const asks = pre ? `n${node.number} pre-vote t${term}` : `n${node.number} t${term}`;
  const against = no.length === 0 ? "" : `, no ${names(no)}`;
  const soon = coming.length === 0 ? "" : `, coming ${names(coming)}`;
  const open = silent.length === 0 ? "" : `, open ${names(silent)}`;
  return `${asks}: has ${yes.length} of ${needed}: yes ${names(yes)}${soon}${against}${open}`;
}

/** Can it win an election now, and if not, who stands in its way? */
export function chancesText(frame: Frame, node: NodeFrame): string {
  const chances = chancesOf(frame, node);
  if (chances.wins) {
    const helpers = chances.supporters.filter((one) => one.id !== node.id);
    return helpers.length === 0 ? "it can win alone" : `it can win: ${namesOf(helpers)} could vote`;
  }
  const votes = chances.supporters.length;
  const obstacles = obstaclesText(frame, node, chances);
  return `it cannot win: ${votes} of ${chances.needed} votes; ${obstacles}`;
}

function refusalText(frame: Frame, voter: NodeFrame, refusal: Refusal): string {
  const name = `n${voter.number}`;
  switch (refusal.kind) {
    case "old_term":
      return `${name} knows term ${refusal.term}`;
    case "voted":
      return `${name} voted ${nameOf(frame, refusal.vote)}`;
    case "newer_log":
      return `${name} has log ${refusal.lastTerm}/${refusal.lastIndex}`;
    case "hears_leader":
      return `${name} hears ${nameOf(frame, refusal.leader)}`;
  }
}

/** What will become of a message, as far as it can be known. Empty: nothing worth a word. */
export function fateText(frame: Frame, flight: Flight): string {
  const receiver = nodeById(frame, flight.to);
  if (receiver === null) return "";
  if (receiver.status === "crashed") return `lost: n${receiver.number} is down`;
  if (isCut(frame, flight.from, flight.to)) return "lost: the link is cut";
  const kind = flight.message?.kind;
  if (kind !== "vote" && kind !== "pre_vote") return "";
  const refusal = refusalOf(receiver, flight);
  if (refusal === null) return "will be granted";
  return `refused: ${refusalText(frame, receiver, refusal)}`;
}

function contestText(frame: Frame, running: readonly Campaign[]): string {
  const [first, second] = running;
  const terms = running.map((campaign) => campaign.term);
  const term = atLeast(highestTerm(frame), terms);
  if (first === undefined) return `term ${term} has no leader`;
  if (second !== undefined) {
    const names = namesOf(running.map((campaign) => campaign.node));
    return `${names} compete for term ${term}`;
  }
  const asks = first.pre ? "asks who would vote" : "asks for votes";
  return `n${first.node.number} ${asks} in term ${first.term}`;
}

function marginOf(frame: Frame): string {
  const voters = voterCount(frame);
  const needed = quorumOf(voters);
  const spare = frame.nodes.filter(isUp).length - needed;
  if (spare < 0) return `quorum ${needed} of ${voters}: ${-spare} missing`;
  return `quorum ${needed} of ${voters}: can lose ${spare} more`;
}

function nextOf(frame: Frame, now: Micros): readonly string[] {
  const talk = nextTalk(frame, now);
  const timers = nextTimers(frame);
  const lines = talk === null ? timers : [talk, ...timers];
  return lines.length === 0 ? ["nothing: no node is running"] : lines;
}

function nextTalk(frame: Frame, now: Micros): string | null {
  const flight = frame.flights.find((one) => isElectionTalk(one.message));
  const kind = flight?.message?.kind;
  if (flight === undefined) return null;
  const from = nameOf(frame, flight.from);
  const to = nameOf(frame, flight.to);
  const after = `in ${shortText(flight.arrivesAt - now)}`;
  const fate = fateText(frame, flight);
  const tail = fate === "" ? "" : `; ${fate}`;
  if (kind === "vote" || kind === "pre_vote") {
    return `${to} hears the question of ${from} ${after}${tail}`;
  }
  const decides = isDeciding(frame, flight) ? `; then ${to} has its majority` : "";
  return `the answer of ${from} reaches ${to} ${after}${tail}${decides}`;
}

function isDeciding(frame: Frame, flight: Flight): boolean {
  const campaign = campaignsOf(frame).find(({ node }) => node.id === flight.to);
  if (campaign === undefined || !campaign.coming.includes(flight.from)) return false;
  return campaign.yes.length + 1 === campaign.needed;
}

/** Those whose timer will fire, because no leader resets it; else what holds the timers back. */
function nextTimers(frame: Frame): readonly string[] {
  const waiting = frame.nodes.filter(
    (node) => isUp(node) && raftOf(node)?.role !== "leader" && hearsLeader(frame, node) === null,
  );
  const lines = byTimer(waiting).map(
    (node) =>
      `n${node.number} fires in ${sinceText(msUntilFire(node))}; ${chancesText(frame, node)}`,
  );
  const leader = leaderOf(frame);
  return leader === null ? lines : [...lines, leaderText(frame, leader)];
}

function leaderText(frame: Frame, leader: NodeFrame): string {
  const beat = `n${leader.number} beats in ${sinceText(msUntilFire(leader))}`;
  const [first] = byTimer(
    frame.nodes.filter(
      (node) => isUp(node) && node.id !== leader.id && hearsLeader(frame, node) !== null,
    ),
  );
  if (first === undefined) return frame.nodes.length === 1 ? beat : `${beat}; nobody hears it`;
  const left = sinceText(msUntilFire(first));
  return `${beat}; if it fell silent, n${first.number} would fire first, in ${left}`;
}

function byTimer(nodes: readonly NodeFrame[]): readonly NodeFrame[] {
  return nodes.toSorted((a, b) => msUntilFire(a) - msUntilFire(b));
}

function obstaclesText(frame: Frame, node: NodeFrame, chances: Chances): string {
  const { down, cut, newer, content } = chances;
  const log = raftOf(node)?.log;
  const parts: string[] = [];
  if (newer.length > 0) {
    const own = log === undefined ? "" : `, its own ends at ${log.lastTerm}/${log.lastIndex}`;
    parts.push(`${namesOf(newer)} ${newer.length === 1 ? "has" : "have"} a newer log${own}`);
  }
  if (content.length > 0) {
    const leader = leaderOf(frame);
    const whom = leader === null ? "a leader" : `n${leader.number}`;
    parts.push(`${namesOf(content)} ${content.length === 1 ? "hears" : "hear"} ${whom}`);
  }
  if (cut.length > 0) parts.push(`no link with ${namesOf(cut)}`);
  if (down.length > 0) parts.push(`${namesOf(down)} ${down.length === 1 ? "is" : "are"} down`);
  return parts.length === 0 ? `${countText(chances.needed, "vote")} needed` : parts.join(", ");
}
