// Messages under way, what decides an election first, and how far each has come.

import { arrow, fit, row, segment, type Row, type Tone } from "../cells.ts";
import { isElectionTalk, raftOf, nodeById } from "../cluster.ts";
import { shownFrame, type Model } from "../model.ts";
import { fateText } from "../why.ts";
import { cargoText, countText, routeText, shortCargoText, shortText } from "../words.ts";
import type { Flight, Frame } from "../../sim/run/frame.ts";
import { heading, type Pane } from "./pane.ts";
import { cutsText } from "./logs.ts";

export function flightsPane(model: Model): Pane {
  const frame = shownFrame(model);
  const cuts = cutsText(frame);
  const count = countText(frame.flights.length, "message");
  return {
    title: [...heading("in flight"), ...(cuts === "" ? [] : [segment(`  cut: ${cuts}`, "bad")])],
    note: row(segment(count, "dim")),
    body: ({ columns, rows }) =>
      frame.flights.length === 0
        ? [row(segment("nothing is under way", "dim"))]
        : byInterest(frame)
            .slice(0, rows)
            .map((flight) => flightRow(model, frame, flight, columns)),
  };
}

function flightRow(model: Model, frame: Frame, flight: Flight, columns: number): Row {
  const whole = flight.arrivesAt - flight.sentAt;
  const gone = Math.max(0, model.now - flight.sentAt);
  const fate = fateText(frame, flight);
  const isTalk = isElectionTalk(flight.message);
  const isWide = columns >= 100;
  const room = isWide ? 40 : 22;
  const text = isWide ? cargoText(flight) : shortCargoText(flight);
  const cargo = segment(text, isTalk ? "strong" : "plain");
  return [
    ...row(segment(`${routeText(frame, flight)}  `, "strong")),
    ...fit([cargo], room),
    segment(" "),
    ...arrow(gone, whole, columns >= 70 ? 12 : 7, isTalk ? "warn" : "plain"),
    ...row(segment(` ${shortText(flight.arrivesAt - model.now).padStart(7)}  `, "dim")),
    ...row(segment(fate, fateTone(fate))),
  ];
}

function fateTone(fate: string): Tone {
  if (fate.startsWith("lost")) return "dim";
  return fate.startsWith("refused") ? "bad" : "good";
}

/** Votes before entries before heartbeats; within each, the soonest arrival first. */
function byInterest(frame: Frame): readonly Flight[] {
  return frame.flights.toSorted(
    (a, b) => interest(frame, a) - interest(frame, b) || a.arrivesAt - b.arrivesAt,
  );
}

function interest(frame: Frame, flight: Flight): number {
  const { message } = flight;
  if (isElectionTalk(message)) return 0;
  if (message === null) return 1;
  const receiver = nodeById(frame, flight.to);
  const isNews = receiver !== null && (raftOf(receiver)?.term ?? 0) < message.term;
  if (isNews) return 1;
  switch (message.kind) {
    case "append":
    case "append_response":
    case "propose":
      return 2;
    case "heartbeat":
      return 4;
    case "heartbeat_response":
      return 5;
    default:
      return 3;
  }
}
