// The logs, entry by entry: the digit is the term, # is committed, a dot is not.

import { row, segment, termTone, type Row, type Segment } from "../cells.ts";
import { isCut, letterOf, nameOf, raftOf } from "../cluster.ts";
import type { Frame, NodeFrame } from "../../sim/run/frame.ts";
import { termAt } from "../../core/raft/log.ts";
import type { Index } from "../../core/contract.ts";
import { shownFrame, type Model } from "../model.ts";
import { heading, inColumns, type Pane } from "./pane.ts";
import { atLeast } from "../../core/lib/lists.ts";

const LABEL = 4; // `n1 |`

export function logsPane(model: Model): Pane {
  const frame = shownFrame(model);
  const last = highestIndex(frame);
  return {
    title: heading("logs"),
    note: row(segment("digit: term  #: committed  .: not yet", "dim")),
    body: ({ columns, rows }) => {
      const across = frame.nodes.length > rows && columns >= 50 ? 2 : 1;
      const width = Math.floor((columns - (across - 1) * 2) / across);
      const cells = Math.max(0, Math.floor((width - LABEL) / 3));
      const from = Math.max(1, last - cells + 1);
      const lines = frame.nodes.map((node) => logRow(node, from, cells));
      const ruler = rulerRow(from, cells);
      if (rows > frame.nodes.length && across === 1) return [ruler, ...lines];
      const items = lines.length % 2 === 1 && across === 2 ? [...lines, ruler] : lines;
      return inColumns(items, across, columns);
    },
  };
}

/** The cut links, in as few words as say it all; empty: none is cut. */
export function cutsText(frame: Frame): string {
  if (frame.cuts.length === 0) return "";
  const groups = groupsOf(frame);
  if (groups !== null) {
    const sides = groups.map((group) => group.map((node) => `n${node.number}`).join(" "));
    return sides.join(" | ");
  }
  const others = frame.nodes.length - 1;
  const out = frame.nodes.filter((node) => cutsFrom(frame, node) === others);
  const into = frame.nodes.filter((node) => cutsTo(frame, node) === others);
  const rest = frame.cuts.filter(
    (cut) => !out.some((node) => node.id === cut.from) && !into.some((node) => node.id === cut.to),
  );
  return [
    ...out.map((node) => `n${node.number} > all`),
    ...into.map((node) => `all > n${node.number}`),
    ...rest.flatMap(({ from, to }) => {
      const isBoth = isCut(frame, to, from);
      if (isBoth && from > to) return []; // told from the other end
      return [`${nameOf(frame, from)} ${isBoth ? "x" : ">"} ${nameOf(frame, to)}`];
    }),
  ].join(", ");
}

function logRow(node: NodeFrame, from: number, cells: number): Row {
  const log = raftOf(node)?.log ?? null;
  const parts: Segment[] = [segment(`n${node.number} `, "strong"), segment("|", "dim")];
  const isGone = letterOf(node) === "X";
  for (let at = 0; at < cells; at++) {
    const index = from + at;
    if (log === null || index > log.lastIndex) {
      parts.push(segment("  "));
    } else {
      const term = termAt(log, index as Index);
      const mark = index <= log.commit ? "#" : ".";
      const digit = term === null ? "~" : String(term % 10);
      parts.push(segment(digit + mark, isGone ? "dim" : term === null ? "dim" : termTone(term)));
    }
    parts.push(segment("|", "dim"));
  }
  return parts;
}

/** Every fifth index over its cell. */
function rulerRow(from: number, cells: number): Row {
  let text = " ".repeat(LABEL);
  for (let at = 0; at < cells; at++) {
    const index = from + at;
    const place = LABEL + at * 3;
    if (index % 5 === 0 && text.length <= place) text = text.padEnd(place) + index;
  }
  return row(segment(text, "dim"));
}

function highestIndex(frame: Frame): number {
  const ends = frame.nodes.map((node) => raftOf(node)?.log.lastIndex ?? 0);
  return atLeast(1, ends);
}

/** The sides of a partition, if the cuts are exactly that: every link between sides, none within.
 *  */
function groupsOf(frame: Frame): readonly (readonly NodeFrame[])[] | null {
  const isOff = (from: NodeFrame, to: NodeFrame): boolean => isCut(frame, from.id, to.id);
  const groups: NodeFrame[][] = [];
  for (const node of frame.nodes) {
    const home = groups.find((group) => group.every((other) => !isOff(node, other)));
    if (home === undefined) groups.push([node]);
    else home.push(node);
  }
  const isWhole = frame.nodes.every((from) =>
    frame.nodes.every((to) => {
      const together = groups.some((group) => group.includes(from) && group.includes(to));
      return from === to || isOff(from, to) !== together;
    }),
  );
  return isWhole ? groups : null;
}

function cutsFrom(frame: Frame, node: NodeFrame): number {
  return frame.cuts.filter((cut) => cut.from === node.id).length;
}

function cutsTo(frame: Frame, node: NodeFrame): number {
  return frame.cuts.filter((cut) => cut.to === node.id).length;
}
