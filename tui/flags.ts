// The flags of `detcd tui`. A nonsense value is answered with one line that says what would do.

import { parseSeed } from "../scenarios/flags.ts";
import { NORMAL_SPEED, SPEEDS } from "./model.ts";

export type Flags = Readonly<{
  help: boolean;
  seed: number;
  nodes: number;
  clients: number;
  speed: number; // a place in SPEEDS
  plain: boolean;
  colour: boolean;
}>;

export type Parsed = Readonly<{ ok: true; flags: Flags } | { ok: false; error: string }>;

export const USAGE: string = `usage: detcd tui [flags]

  Watch a simulated cluster elect its leaders, live: pause, step, go back in time, crash, partition.

  --seed N       the run to watch, in decimal or 0x… (default: another one every time)
  --nodes N      how many nodes, 1 to 9 (default 5)
  --clients N    how many clients keep the log moving, 0 to 9 (default 2)
  --speed X      seconds of the run per second, default ${SPEEDS[NORMAL_SPEED]}; one of
                 ${SPEEDS.join(" ")}
  --plain        no screen: tell the first elections line by line, then the last screen, and exit
  --no-color     no colours (also: NO_COLOR=1)
  --help         this text

  Press ? on the screen for the keys.
`;

const DEFAULTS: Flags = {
  help: false,
  seed: 1,
  nodes: 5,
  clients: 2,
  speed: NORMAL_SPEED,
  plain: false,
  colour: true,
};

export function parseFlags(args: readonly string[], seed: number): Parsed {
  let flags: Flags = { ...DEFAULTS, seed };
  for (let at = 0; at < args.length; at++) {
    const [name, attached] = split(args[at] ?? "");
    const switched = switchOf(flags, name);
    if (switched !== null) {
      if (attached !== null) return refuse(`${name} takes no value`);
      flags = switched;
      continue;
    }
    if (!TAKES_VALUE.includes(name)) return refuse(`unknown flag ${JSON.stringify(name)}`);
    const value = attached ?? args[++at];
    const taken = takeValue(flags, name, value);
    if (typeof taken === "string") return refuse(taken);
    flags = taken;
  }
  return { ok: true, flags };
}

const TAKES_VALUE = ["--seed", "--nodes", "--clients", "--speed"];

function switchOf(flags: Flags, name: string): Flags | null {
  switch (name) {
    case "--help":
    case "-h":
      return { ...flags, help: true };
    case "--plain":
      return { ...flags, plain: true };
    case "--no-color":
    case "--no-colour":
      return { ...flags, colour: false };
    default:
      return null;
  }
}

function takeValue(flags: Flags, name: string, value: string | undefined): Flags | string {
  if (value === undefined) return `${name} needs a value`;
  switch (name) {
    case "--seed":
      return takeSeed(flags, value);
    case "--nodes":
      return whole(value, 1, 9, name, (nodes) => ({ ...flags, nodes }));
    case "--clients":
      return whole(value, 0, 9, name, (clients) => ({ ...flags, clients }));
    default: {
      const speed = SPEEDS.findIndex((one) => one === Number(value));
      if (speed < 0) return `--speed ${value}: choose one of ${SPEEDS.join(", ")}`;
      return { ...flags, speed };
    }
  }
}

/** As campaigns print it, or in decimal. */
function takeSeed(flags: Flags, value: string): Flags | string {
  const seed = parseSeed(value);
  if (seed !== null) return { ...flags, seed };
  return `--seed ${value}: a whole number from 0 to 4294967295 is needed, such as 0x5f3a91c2`;
}

function whole(
  value: string,
  least: number,
  most: number,
  name: string,
  take: (value: number) => Flags,
): Flags | string {
  const number = /^\d{1,10}$/u.test(value) ? Number(value) : -1;
  if (number < least || number > most) {
    return `${name} ${value}: a whole number from ${least} to ${most} is needed`;
  }
  return take(number);
}

function split(arg: string): readonly [name: string, value: string | null] {
  const at = arg.indexOf("=");
  return at < 0 ? [arg, null] : [arg.slice(0, at), arg.slice(at + 1)];
}

function refuse(error: string): Parsed {
  return { ok: false, error: `detcd tui: ${error} (detcd tui --help tells more)` };
}
