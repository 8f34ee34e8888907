// The same without a terminal: the story of two elections line by line, then one screen.

import { textOf, type Size } from "./cells.ts";
import { followersOf, isUp, leaderOf } from "./cluster.ts";
import { shownFrame } from "./model.ts";
import type { Session } from "./session.ts";
import { screen } from "./views/screen.ts";
import { noteRow } from "./views/story.ts";
import { explain } from "./why.ts";

const PLAIN_SIZE: Size = { columns: 80, rows: 24 };
/** Milliseconds for a session that runs at normal speed, without slow motion. */
const PASS_MS = 5;
const LONGEST_ELECTION_MS = 20_000;
const LEAST_NODES_TO_CRASH_ONE = 3;

/** Let the cluster elect, crash that leader, let it elect again, and tell it all. */
export function tellElections(session: Session): readonly string[] {
  runUntilLed(session);
  const frame = shownFrame(session.model());
  const leader = leaderOf(frame);
  if (leader !== null && frame.nodes.length >= LEAST_NODES_TO_CRASH_ONE) {
    session.press(String(leader.number));
    session.press("c");
    runUntilLed(session);
  }
  session.press("space");
  const model = session.model();
  const why = explain(model);
  return [
    ...model.history.notes.map((note) => textOf(noteRow(note))),
    "",
    `${why.headline}; ${why.margin}`,
    ...why.next.map((text) => `next: ${text}`).slice(0, 1),
    "",
    ...screen(model, PLAIN_SIZE).map((cells) => textOf(cells).trimEnd()),
  ];
}

/** Until everybody who runs follows one leader. */
function runUntilLed(session: Session): void {
  for (let ms = 0; ms < LONGEST_ELECTION_MS; ms += PASS_MS) {
    session.pass(PASS_MS);
    const frame = shownFrame(session.model());
    const leader = leaderOf(frame);
    const running = frame.nodes.filter(isUp).length;
    if (leader !== null && followersOf(frame, leader).length === running) return;
  }
}
