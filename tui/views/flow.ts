// Space and time: a column for each node, time goes down, and every message is an arrow that ends
// where it arrived. Heartbeats are left out, or they would be all there is.

import { row, segment, type Row, type Tone } from "../cells.ts";
import { isElectionTalk, nodeById } from "../cluster.ts";
import { frameAt } from "../history.ts";
import { shownFrame, type Model } from "../model.ts";
import { shortCargoText, timeText } from "../words.ts";
import type { Flight, Frame } from "../../sim/run/frame.ts";
import { heading, type Pane } from "./pane.ts";

type Arrival = Readonly<{ flight: Flight; frame: Frame; isLost: boolean }>;

const TIME_COLUMNS = 10;
const FRAMES_SEARCHED = 1500;

export function flowPane(model: Model): Pane {
  return {
    title: heading("message flow"),
    note: row(segment("time goes down  * sent  o arrived  x lost  (no heartbeats)", "dim")),
    body: ({ columns, rows }) => {
      const frame = shownFrame(model);
      const lanes = lanesOf(frame.nodes.length, columns);
      const names = frame.nodes.map((node) => `n${node.number}`);
      const head = names.reduce((line, name, at) => line.padEnd(lanes[at] ?? 0) + name, "");
      const arrivals = arrivalsBefore(model, rows - 1);
      return [row(segment(head, "strong")), ...arrivals.map((one) => arrivalRow(one, lanes))];
    },
  };
}

/** The newest arrivals at or before the moment shown, oldest first. */
function arrivalsBefore(model: Model, most: number): readonly Arrival[] {
  const found: Arrival[] = [];
  const { history, position } = model;
  const oldest = Math.max(history.first + 1, position - FRAMES_SEARCHED);
  for (let at = position; at >= oldest && found.length < most; at--) {
    const frame = frameAt(history, at);
    const before = frameAt(history, at - 1);
    for (const flight of landed(before, frame)) {
      if (found.length < most) found.push({ flight, frame, isLost: isLost(before, flight) });
    }
  }
  return found.toReversed();
}

function landed(before: Frame, after: Frame): readonly Flight[] {
  if (!before.flights.some((flight) => flight.arrivesAt <= after.time)) return [];
  const still = new Set(after.flights.map((flight) => flight.id));
  return before.flights.filter(
    (flight) => !still.has(flight.id) && flight.arrivesAt <= after.time && !isHeartbeat(flight),
  );
}

function isHeartbeat(flight: Flight): boolean {
  const kind = flight.message?.kind;
  return kind === "heartbeat" || kind === "heartbeat_response";
}

function isLost(frame: Frame, flight: Flight): boolean {
  return (
    nodeById(frame, flight.to)?.status === "crashed" ||
    frame.cuts.some((cut) => cut.from === flight.from && cut.to === flight.to)
  );
}

function lanesOf(count: number, columns: number): readonly number[] {
  const width = Math.max(3, Math.floor((columns - TIME_COLUMNS - 4) / Math.max(1, count - 1)));
  return Array.from({ length: count }, (_, at) => TIME_COLUMNS + 1 + at * width);
}

function arrivalRow({ flight, frame, isLost: lost }: Arrival, lanes: readonly number[]): Row {
  const lane = (id: Flight["from"]): number => lanes[(nodeById(frame, id)?.number ?? 1) - 1] ?? 0;
  const from = lane(flight.from);
  const to = lane(flight.to);
  const low = Math.min(from, to);
  const high = Math.max(from, to);
  const end = lost ? "x" : "o";
  const room = Math.max(0, high - low - 3);
  const label = ` ${shortCargoText(flight)} `.slice(0, room);
  const shaft = label
    .padStart(label.length + Math.floor((room - label.length) / 2), "-")
    .padEnd(room, "-");
  const body = from < to ? `*-${shaft}>${end}` : `${end}<${shaft}-*`;
  const whole = lanes.map((at) => (at < low || at > high ? at : -1));
  const before = drawLanes(TIME_COLUMNS, low, whole);
  const after = drawLanes(high + 1, (lanes.at(-1) ?? high) + 1, whole);
  const tone: Tone = lost ? "bad" : isElectionTalk(flight.message) ? "warn" : "plain";
  return row(
    segment(timeText(frame.time).padEnd(TIME_COLUMNS).slice(0, TIME_COLUMNS), "dim"),
    segment(before, "dim"),
    segment(body, tone),
    segment(after, "dim"),
  );
}

function drawLanes(from: number, to: number, lanes: readonly number[]): string {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) =>
    lanes.includes(from + at) ? "|" : " ",
  ).join("");
}
