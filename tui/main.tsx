// `detcd tui`: reads the flags, finds out what the terminal can do, and shows the cluster on it.

import { depthOf } from "./colours.ts";
import { parseFlags, USAGE, type Flags } from "./flags.ts";
import { tellElections } from "./plain.ts";
import { createSession, REAL_TIME, SESSION, type Session } from "./session.ts";
import { createSimulationSource, watchOptions } from "./sources.ts";

export async function main(_command: string, args: readonly string[]): Promise<number> {
  const parsed = parseFlags(args, Date.now() % 1_000_000);
  if (!parsed.ok) {
    console.error(parsed.error);
    return 2;
  }
  const { flags } = parsed;
  if (flags.help) {
    console.log(USAGE);
    return 0;
  }
  const source = createSimulationSource(watchOptions(flags.seed, flags.nodes, flags.clients));
  if (!isScreenPossible(flags)) {
    console.log(tellElections(createSession(source, REAL_TIME)).join("\n"));
    return 0;
  }
  const session = createSession(source, { ...SESSION, speed: flags.speed });
  await show(session, flags);
  console.log(session.farewell());
  return 0;
}

function isScreenPossible(flags: Flags): boolean {
  const { CI, TERM } = process.env;
  if (flags.plain || TERM === "dumb" || (CI !== undefined && CI !== "" && CI !== "false"))
    return false;
  return process.stdout.isTTY && process.stdin.isTTY;
}

/** Until the person leaves. Ink puts the terminal back, whatever the reason. */
async function show(session: Session, flags: Flags): Promise<void> {
  process.env["NODE_ENV"] ??= "production"; // React's other build is slow, and it logs
  const { createElement } = await import("react");
  const { render } = await import("ink");
  const { App } = await import("./app.tsx");
  const depth = depthOf(process.env, !flags.colour);
  const app = render(createElement(App, { session, depth }), {
    alternateScreen: true,
    exitOnCtrlC: false,
    incrementalRendering: true,
    maxFps: 30,
  });
  await app.waitUntilExit();
}
