// One row per node: its letter and role, term, vote, log, and the timer that will make it act.

import {
  bar,
  row,
  rowOf,
  segment,
  termTone,
  widthOf,
  type Row,
  type Segment,
  type Tone,
} from "../cells.ts";
import { letterOf, nameOf, raftOf, termOf, timerOf, type Letter } from "../cluster.ts";
import { shownFrame, type Model } from "../model.ts";
import { sinceText } from "../words.ts";
import type { Frame, NodeFrame } from "../../sim/run/frame.ts";
import { heading, type Pane } from "./pane.ts";
import { atLeast } from "../../core/lib/lists.ts";

const ROLE_WORDS: Readonly<Record<Letter, string>> = {
  L: "leader",
  C: "cand",
  P: "pre-cand",
  F: "follower",
  X: "crashed",
  Z: "frozen",
};
const ROLE_TONES: Readonly<Record<Letter, Tone>> = {
  L: "good",
  C: "warn",
  P: "warn",
  F: "plain",
  X: "bad",
  Z: "bad",
};
const BAR_LEAST = 6;
const BAR_MOST = 42;

export function nodesPane(model: Model, title: Row, note: Row): Pane {
  return {
    title,
    note,
    body: ({ columns }) => nodeRows(model, columns),
  };
}

export function nodeRows(model: Model, columns: number): readonly Row[] {
  const frame = shownFrame(model);
  const widths = widthsOf(frame);
  const detail = DETAILS.find((one) => fixedWidth(frame, model, widths, one) <= columns) ?? LEAST;
  return frame.nodes.map((node) => nodeRow(model, frame, node, columns, widths, detail));
}

export function replicationPane(model: Model): Pane {
  const frame = shownFrame(model);
  const leader = frame.nodes.find((node) => letterOf(node) === "L") ?? null;
  const progress = leader === null ? [] : (raftOf(leader)?.progress ?? []);
  return {
    title: heading(leader === null ? "replication: no leader" : `n${leader.number} sends to`),
    note: [],
    body: () =>
      progress
        .filter((one) => one.id !== leader?.id)
        .map((one) =>
          row(
            segment(`${nameOf(frame, one.id)} `, "strong"),
            `match ${one.match} next ${one.next} ${one.mode}`,
            one.inFlight.length > 0 ? `, ${one.inFlight.length} under way` : "",
            one.active ? "" : segment(" silent", "bad"),
          ),
        ),
  };
}

type Widths = Readonly<{ term: number; index: number }>;
/** What a row shows when it has the room; the timer is always there. */
type Detail = Readonly<{
  word: boolean;
  vote: boolean;
  log: "long" | "short" | "none";
  extra: boolean;
}>;

const LEAST: Detail = { word: false, vote: false, log: "none", extra: false };
const DETAILS: readonly Detail[] = [
  { word: true, vote: true, log: "long", extra: true },
  { word: true, vote: true, log: "long", extra: false },
  { word: true, vote: true, log: "short", extra: false },
  { word: true, vote: false, log: "short", extra: false },
  { word: false, vote: false, log: "short", extra: false },
  LEAST,
];

function widthsOf(frame: Frame): Widths {
  return {
    term: longest(frame.nodes.map(termOf)),
    index: longest(frame.nodes.map((node) => raftOf(node)?.log.lastIndex ?? 0)),
  };
}

function longest(numbers: readonly number[]): number {
  const lengths = numbers.map((one) => String(one).length);
  return atLeast(0, lengths);
}

function fixedWidth(frame: Frame, model: Model, widths: Widths, detail: Detail): number {
  const tails = frame.nodes.map((node) => timerTail(frame, model, node).length);
  const label = detail.word ? "timer ".length : 0;
  const bars = (detail.extra ? 20 : BAR_LEAST) + label + 1 + atLeast(0, tails);
  const [node] = frame.nodes;
  return node === undefined ? 0 : widthOf(facts(frame, model, node, widths, detail)) + bars;
}

function nodeRow(
  model: Model,
  frame: Frame,
  node: NodeFrame,
  columns: number,
  widths: Widths,
  detail: Detail,
): Row {
  const cells = facts(frame, model, node, widths, detail);
  return [...cells, ...timerCells(model, frame, node, columns - widthOf(cells), detail)];
}

function facts(frame: Frame, model: Model, node: NodeFrame, widths: Widths, detail: Detail): Row {
  const raft = raftOf(node);
  const letter = letterOf(node);
  const tone = ROLE_TONES[letter];
  const isSelected = model.selected === node.number;
  const parts: (Segment | string)[] = [
    segment(isSelected ? ">" : " ", "here"),
    segment(`n${node.number} `, isSelected ? "here" : "strong"),
    segment(detail.word ? `${letter} ${ROLE_WORDS[letter].padEnd(9)}` : `${letter} `, tone),
    segment(`t${termOf(node)}`.padEnd(widths.term + 2), termTone(termOf(node))),
  ];
  const index = (value: number): string => String(value).padEnd(widths.index + 1);
  if (detail.vote) parts.push(`vote ${nameOf(frame, raft?.vote ?? null).padEnd(3)}`);
  if (detail.extra) parts.push(`leader ${nameOf(frame, raft?.leader ?? null).padEnd(3)}`);
  if (detail.log === "long") {
    parts.push(`commit ${index(raft?.log.commit ?? 0)}last ${index(raft?.log.lastIndex ?? 0)}`);
  }
  if (detail.log === "short") {
    parts.push(`${raft?.log.commit ?? 0}/${raft?.log.lastIndex ?? 0}`.padEnd(2 * widths.index + 2));
  }
  if (detail.extra) parts.push(`applied ${index(node.state?.store.applied ?? 0)}`);
  return rowOf(parts);
}

function timerCells(
  model: Model,
  frame: Frame,
  node: NodeFrame,
  columns: number,
  detail: Detail,
): Row {
  const timer = timerOf(node);
  const tail = timerTail(frame, model, node);
  if (timer === null) return row(segment(tail, "bad"));
  const label = timer.kind === "heartbeat" ? "beat  " : "timer ";
  const left = detail.word ? label : "";
  const room = Math.min(BAR_MOST, columns - left.length - tail.length - 1);
  const share = timer.elapsedMs / Math.max(1, timer.limitMs);
  const tone = timer.kind === "heartbeat" ? "good" : share > 0.75 ? "warn" : "plain";
  if (room < 4) return row(tail);
  return rowOf([
    segment(left, "dim"),
    ...bar(timer.elapsedMs, timer.limitMs, room, tone),
    ` ${tail}`,
  ]);
}

function timerTail(frame: Frame, model: Model, node: NodeFrame): string {
  const timer = timerOf(node);
  if (timer !== null) {
    const limit = String(timer.limitMs);
    return `${String(timer.elapsedMs).padStart(limit.length)}/${limit} ms`;
  }
  const word = node.status === "paused" ? "frozen" : "down";
  return `${word} for ${sinceText((Math.max(model.now, frame.time) - node.since) / 1000)}`;
}
