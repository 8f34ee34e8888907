// Transcripts of several participants, made by a small language (see COMMANDS) and checked line by
// line. A golden is its own script: the commands of each stanza stand above `----`, what they led
// to below it. `npx vitest run core/raft/raft.golden -u` writes them anew.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Index, NodeId, Term } from "../contract.ts";
import type { Entry } from "./message.ts";
import type { RaftConfig } from "./state.ts";
import {
  boot,
  crash,
  createWorld,
  deliver,
  isCut,
  nodeOf,
  settle,
  step,
  sync,
  wait,
  type Packet,
  type World,
  type WorldEvent,
  type Write,
} from "./testing.ts";
import {
  describeEntries,
  describeLog,
  describeMessage,
  describeProgress,
  describeRole,
  describeTrace,
} from "./transcript.ts";

type Script = { world: World | null; lines: string[]; quiet: boolean; delayed: Packet[] };
type Command = (script: Script, words: readonly string[]) => void;

const folder = join(import.meta.dirname, "testdata");
const name = (id: NodeId): string => String(id);

/** Words in [brackets] may be left out; a node is its number; `text` is what is proposed. */
const COMMANDS: Readonly<Record<string, Command>> = {
  // nodes <count> [option=number …] [preVote=off]: all start from empty disks
  nodes: (script, [count, ...options]) => {
    script.world = createWorld(Number(count), configOf(options), (event) => tell(script, event));
    for (const node of script.world.nodes) boot(script.world, node.id);
    script.lines.length = 0;
    quietly(script, () => settle(worldOf(script)));
  },
  // disk <node> term=<t> log=<t/i..j,…> [commit=<i>]: a crashed node finds this when it boots
  disk: (script, [id, ...options]) => prepareDisk(script, nodeId(id), options),
  // elect <node>: its timer runs out, and everybody settles
  elect: (script, [id]) => {
    COMMANDS["timeout"]?.(script, [id as string]);
    COMMANDS["settle"]?.(script, []);
  },
  // timeout <node>: the rest of its election timeout passes
  timeout: (script, [id]) => {
    const { state } = nodeOf(worldOf(script), nodeId(id));
    if (state === null) throw new Error(`node ${id} is down`);
    wait(
      worldOf(script),
      nodeId(id),
      state.electionTimeoutMs - (state.now - state.electionStartedAt),
    );
  },
  // wait <node|all> <ms>
  wait: (script, [who, ms]) => {
    for (const id of nodesOf(script, who)) wait(worldOf(script), id, Number(ms));
  },
  propose: (script, [id, text]) => {
    const input = { kind: "propose", data: bytesOf(text ?? "") } as const;
    const { dropped } = step(worldOf(script), nodeId(id), input);
    if (dropped) script.lines.push(`${id} dropped ${text}`);
  },
  read: (script, [id, context]) => {
    step(worldOf(script), nodeId(id), { kind: "read_index", context: BigInt(`0x${context}`) });
  },
  transfer: (script, [id, to]) => {
    step(worldOf(script), nodeId(id), { kind: "transfer_leader", to: nodeId(to) });
  },
  unreachable: (script, [id, peer]) => {
    step(worldOf(script), nodeId(id), { kind: "unreachable", peer: nodeId(peer) });
  },
  compact: (script, [id, through]) => {
    step(worldOf(script), nodeId(id), { kind: "compact", through: Number(through) as Index });
  },
  // sync <node> [count]: its writes under way end, in order
  sync: (script, [id, count]) => {
    let rest = count === undefined ? Infinity : Number(count);
    while (rest-- > 0 && sync(worldOf(script), nodeId(id)));
  },
  // deliver <to> [from], drop <to> [from], double <to> [from]: what is on the wire now
  deliver: (script, words) => carry(script, words, (packet) => deliver(worldOf(script), packet)),
  drop: (script, words) => {
    carry(script, words, (packet) => deliver(worldOf(script), packet, false));
  },
  double: (script, words) => {
    carry(script, words, (packet) => {
      deliver(worldOf(script), packet);
      worldOf(script).wire.push(packet);
    });
  },
  // delay <to> [from]: take it off the wire until `release`
  delay: (script, words) => {
    carry(script, words, (packet) => {
      const world = worldOf(script);
      world.wire = world.wire.filter((other) => other !== packet);
      script.delayed.push(packet);
    });
  },
  release: (script) => {
    worldOf(script).wire.push(...script.delayed.splice(0));
  },
  settle: (script) => settle(worldOf(script)),
  // cut <from> <to>: one way. isolate <node>: both ways, from everyone. heal: everything
  cut: (script, [from, to]) => {
    const world = worldOf(script);
    world.cuts = [...world.cuts, { from: nodeId(from), to: nodeId(to) }];
  },
  isolate: (script, [id]) => {
    const world = worldOf(script);
    const one = nodeId(id);
    const others = world.genesis.filter((other) => other !== one);
    const both = others.flatMap((other) => [
      { from: one, to: other },
      { from: other, to: one },
    ]);
    world.cuts = [...world.cuts, ...both];
  },
  heal: (script) => {
    worldOf(script).cuts = [];
  },
  crash: (script, [id, keep]) => {
    crash(worldOf(script), nodeId(id), Number(keep?.replace("keep=", "") ?? 0));
  },
  boot: (script, [id]) => boot(worldOf(script), nodeId(id)),
  // show <node|all>: its role, its log and, if it leads, its followers
  show: (script, [who]) => {
    for (const id of nodesOf(script, who)) show(script, id);
  },
  // quiet <command …>: only what follows is of interest
  quiet: (script, [command, ...words]) => quietly(script, () => execute(script, command, words)),
};

describe("transcripts", () => {
  for (const file of readdirSync(folder).filter((one) => one.endsWith(".txt"))) {
    const text = readFileSync(join(folder, file), "utf8");
    const title = text.slice(0, text.indexOf("\n")).replace(/^# /, "");
    it(`${file}: ${title}`, async () => {
      await expect(perform(text)).toMatchFileSnapshot(join(folder, file));
    });
  }
});

/** The same script with what happens now below each `----`. */
function perform(text: string): string {
  const script: Script = { world: null, lines: [], quiet: false, delayed: [] };
  const stanzas = text.trimEnd().split("\n\n");
  const performed = stanzas.map((stanza) => {
    const commands = stanza.split("\n----")[0] as string;
    script.lines = [];
    for (const line of commands.split("\n")) {
      const [command, ...words] = line.replace(/#.*/, "").trim().split(/\s+/);
      if (command !== "") execute(script, command, words);
    }
    const told = script.lines.length > 0 ? script.lines : ["(nothing)"];
    const isProse = commands.split("\n").every((line) => line.startsWith("#"));
    return isProse ? commands : `${commands}\n----\n${told.join("\n")}`;
  });
  return `${performed.join("\n\n")}\n`;
}

function execute(script: Script, command: string | undefined, words: readonly string[]): void {
  const run = COMMANDS[command ?? ""];
  if (run === undefined) throw new Error(`no such command: ${command} ${words.join(" ")}`);
  run(script, words);
}

function tell(script: Script, event: WorldEvent): void {
  if (script.quiet) return;
  switch (event.kind) {
    case "stepped": {
      const { node, output } = event;
      const said = output.traces.map((trace) => `${node.id} ${describeTrace(trace, name)}`);
      const read = output.reads.map(
        ({ context, index }) => `${node.id} read ${context.toString(16)} at ${index ?? "nothing"}`,
      );
      script.lines.push(...said, ...read);
      return;
    }
    case "wrote":
      script.lines.push(`${event.node.id} write  ${describeWrite(event.write)}`);
      return;
    case "left":
      script.lines.push(describePacket(script, event.packet));
      return;
    case "applied":
      script.lines.push(`${event.node.id} apply  ${describeEntries(event.entries)}`);
  }
}

function describeWrite({ hard, entries, base }: Write): string {
  const parts = [
    ...(hard === null ? [] : [`term=${hard.term} vote=${hard.vote ?? "none"}`]),
    ...(base === null ? [] : [`after=${base.term}/${base.index}`]),
    ...(entries.length === 0 ? [] : [describeEntries(entries)]),
  ];
  return parts.join(" ");
}

function describePacket(script: Script, packet: Packet): string {
  const cut = script.world !== null && isCut(script.world, packet) ? "╳" : "→";
  const way = `${packet.from} ${cut} ${packet.to} `;
  if (packet.kind === "message") return `${way} ${describeMessage(packet.message)}`;
  return `${way} image term=${packet.term} of ${packet.meta.term}/${packet.meta.index}`;
}

function show(script: Script, id: NodeId): void {
  const { state } = nodeOf(worldOf(script), id);
  if (state === null) {
    script.lines.push(`${id} is down`);
    return;
  }
  script.lines.push(`${id} ${describeRole(state, name)} ${describeLog(state.log)}`);
  const followers = state.progress.filter((progress) => progress.id !== id);
  for (const progress of followers) script.lines.push(`    ${describeProgress(progress, name)}`);
}

function carry(script: Script, words: readonly string[], one: (packet: Packet) => void): void {
  const [to, from] = words;
  const matching = worldOf(script).wire.filter(
    (packet) => packet.to === nodeId(to) && (from === undefined || packet.from === nodeId(from)),
  );
  for (const packet of matching) one(packet);
}

function prepareDisk(script: Script, id: NodeId, options: readonly string[]): void {
  const given = Object.fromEntries(options.map((option) => option.split("=")));
  const entries: Entry[] = [];
  for (const run of (given["log"] ?? "").split(",").filter((part: string) => part !== "")) {
    const [term, range] = run.split("/");
    const [first, last] = range.split("..").map(Number);
    for (let index = first; index <= (last ?? first); index++) {
      entries.push({ term: Number(term) as Term, index: index as Index, data: bytesOf("x") });
    }
  }
  const node = nodeOf(worldOf(script), id);
  const commit = Number(given["commit"] ?? 0) as Index;
  node.disk = {
    hard: { term: Number(given["term"]) as Term, vote: null, commit },
    base: { index: 0 as Index, term: 0 as Term },
    entries,
  };
  node.applied = entries.slice(0, commit);
  node.state = null;
  node.pending = [];
  node.held = [];
  boot(worldOf(script), id);
  quietly(script, () => sync(worldOf(script), id));
}

function configOf(options: readonly string[]): Partial<RaftConfig> {
  const pairs = options.map((option) => option.split("=") as [string, string]);
  return Object.fromEntries(
    pairs.map(([key, value]) => [key, key === "preVote" ? value === "on" : Number(value)]),
  );
}

function quietly(script: Script, run: () => void): void {
  const before = script.quiet;
  script.quiet = true;
  run();
  script.quiet = before;
}

function worldOf(script: Script): World {
  if (script.world === null) throw new Error("a script begins with: nodes <count>");
  return script.world;
}

function nodesOf(script: Script, who: string | undefined): readonly NodeId[] {
  const { nodes } = worldOf(script);
  if (who !== "all") return [nodeId(who)];
  return nodes.filter((node) => node.state !== null).map((node) => node.id);
}

function nodeId(text: string | undefined): NodeId {
  if (text === undefined) throw new Error("a node is missing");
  return BigInt(text) as NodeId;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
