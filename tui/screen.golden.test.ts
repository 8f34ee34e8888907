import { describe, expect, it } from "vitest";
import { ELECTION } from "./made-election.ts";
import { makeSource } from "./made-frames.ts";
import { reduce } from "./model.ts";
import { createSession, type Session } from "./session.ts";
import { plainText } from "./views/pane.ts";
import { screen } from "./views/screen.ts";

/** The whole run is known, and event `step` is on the screen. */
function sessionAt(step: number): Session {
  const session = createSession(makeSource(ELECTION));
  session.press("space");
  for (let at = 1; at < step; at++) session.press(".");
  return session;
}

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 160, rows: 50 },
  { columns: 120, rows: 35 },
  { columns: 60, rows: 15 },
  { columns: 38, rows: 9 },
  { columns: 20, rows: 5 },
];

describe("the screen", () => {
  it.each(SIZES)("shows a split vote on $columns x $rows", async (size) => {
    const rows = screen(sessionAt(6).model(), size);
    const file = `./testdata/split-vote-${size.columns}x${size.rows}.txt`;
    await expect(`${plainText(rows)}\n`).toMatchFileSnapshot(file);
  });

  it("shows a new leader", async () => {
    const rows = screen(sessionAt(10).model(), { columns: 80, rows: 24 });
    await expect(`${plainText(rows)}\n`).toMatchFileSnapshot("./testdata/new-leader-80x24.txt");
  });

  it.each(["why", "help", "events"] as const)("has a page: %s", async (pane) => {
    const model = reduce(sessionAt(6).model(), {
      kind: "command",
      command: { kind: "pane", pane },
    });
    const rows = screen(model, { columns: 80, rows: 24 });
    await expect(`${plainText(rows)}\n`).toMatchFileSnapshot(`./testdata/${pane}-80x24.txt`);
  });
});
