// The same without a terminal: the story of the first elections line by line, then one screen.

import { textOf, type Size } from "./cells.ts";
import { frameAt } from "./history.ts";
import { isLive } from "./model.ts";
import type { Session } from "./session.ts";
import { explain } from "./why.ts";
import { noteRow } from "./views/story.ts";
import { screen } from "./views/screen.ts";

export const PLAIN_SIZE: Size = { columns: 80, rows: 24 };
const MOST_ELECTIONS = 50;

/** Let the cluster elect, crash that leader, let it elect again, and tell it all. */
export function tellElection(session: Session): readonly string[] {
  const lines: string[] = [];
  untilLed(session);
  const leader = session.model().history.notes.findLast((note) => note.kind === "leader");
  if (leader?.node !== undefined && leader.node !== null) {
    session.press(String(leader.node));
    session.press("c");
    untilLed(session);
  }
  const model = session.model();
  for (const note of model.history.notes) {
    if (note.position <= model.position) lines.push(textOf(noteRow(note)));
  }
  const why = explain(model);
  lines.push(`${why.headline}; ${why.margin}`, `next: ${why.next[0] ?? ""}`, "");
  lines.push(...screen(model, PLAIN_SIZE).map((cells) => textOf(cells).trimEnd()));
  return lines;
}

function untilLed(session: Session): void {
  for (let election = 0; election < MOST_ELECTIONS; election++) {
    const before = session.model().position;
    session.press("]");
    const { history, position } = session.model();
    if (position === before) break;
    const led = history.notes.some((note) => note.position === position && note.kind === "leader");
    if (led) break;
  }
  // A little further, until everybody knows.
  for (let event = 0; event < 12 && !isLive(session.model()); event++) session.press(">");
  void frameAt;
}
