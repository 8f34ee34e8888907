// For live tests: the same etcdctl commands to members of detcd and to a real etcd, and what of the
// two outputs must be equal: all but terms, times, sizes and versions, and what is made by chance.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Finished, MemberPlan, MemberProcess } from "./testing.ts";
import {
  etcdctl,
  eventually,
  planMembers,
  spawnEtcdctl,
  startEtcd,
  startMember,
} from "./testing.ts";
import { pushAll } from "../../core/lib/lists.ts";

/** A cluster, and what its side of the story came to know: what `$name` stands for in a line. */
export type Side = Readonly<{
  plans: readonly MemberPlan[];
  advertised: readonly string[]; // the client URLs that members tell of themselves
  known: Map<string, string>;
}>;
export type Sides = Readonly<{ ours: Side; theirs: Side }>;
export type Alone = Sides & Readonly<{ member: MemberProcess }>;

/** A command line, and what is typed into it: `'` around words with spaces in them, `$name` for
 *  what is known, `@1` first for one member instead of all, `!` before all for what fails, and
 *  `$name = ` for what is known by the first id in its output from then on. With `-w *` it is
 *  typed in every format. */
export type Line = string | readonly [line: string, input: string];

const FORMATS = ["simple", "json", "fields", "protobuf"];
const ID = /\b(?:lease|Member) +([0-9a-f]{8,16})\b/;

/** One member each. Both advertise the same addresses, so that even their ids are equal. */
export async function startAlone(more: readonly string[] = []): Promise<Alone> {
  const [plan, other] = (await planMembers(["one", "one"])) as [MemberPlan, MemberPlan];
  const alone = { ...plan, initialCluster: `one=${plan.peerUrl}` };
  const theirs = { ...alone, clientUrl: other.clientUrl };
  const listens = [
    `--data-dir=${other.dataDirectory}.theirs`,
    `--listen-client-urls=${other.clientUrl}`,
    `--listen-peer-urls=${other.peerUrl}`,
    `--advertise-client-urls=${plan.clientUrl}`,
  ];
  const [member] = await Promise.all([
    startMember(alone, more),
    startEtcd(theirs, [...more, ...listens]),
  ]);
  const beside = { ...sideOf([theirs]), advertised: [plan.clientUrl] };
  return { ours: sideOf([alone]), theirs: beside, member };
}

/** Three members each, of which the first leads. `$one`, `$two` and `$three` are their ids. */
export async function startThree(more: readonly string[] = []): Promise<Sides> {
  const names = ["one", "two", "three"];
  const [ours, theirs] = await Promise.all([planMembers(names), planMembers(names)]);
  await Promise.all([
    ...ours.map((plan) => startMember(plan, more)),
    ...theirs.map((plan) => startEtcd(plan, more)),
  ]);
  const sides = { ours: sideOf(ours), theirs: sideOf(theirs) };
  for (const side of [sides.ours, sides.theirs]) await meetMembers(side);
  return sides;
}

/** Types lines to both sides, one after the other. Throws all that they did not say alike. */
export async function tell(sides: Sides, lines: readonly Line[]): Promise<void> {
  const complaints: string[] = [];
  for (const item of lines) {
    const [line, input] = typeof item === "string" ? [item, ""] : item;
    const formats = line.endsWith("-w *") ? FORMATS : [""];
    for (const format of formats) {
      pushAll(complaints, await tellOne(sides, line.replace("-w *", `-w ${format}`), input));
    }
  }
  if (complaints.length > 0) throw new Error(complaints.join("\n\n"));
}

/** Types one line to one side. */
export async function type(side: Side, line: string, input = ""): Promise<Finished> {
  const [endpoints, words] = commandOf(side, line);
  return etcdctl(endpoints, words, filledIn(side, input));
}

/** A command that goes on, on both sides. */
export class Both {
  readonly #sides: Sides;
  readonly #running: readonly Running[];

  constructor(sides: Sides, line: string) {
    this.#sides = sides;
    this.#running = [run(sides.ours, line), run(sides.theirs, line)];
  }

  write(line: string): void {
    for (const { child } of this.#running) child.stdin?.write(`${line}\n`);
  }

  /** Waits until both have said the words, and expects that both said the same. */
  async says(words: string): Promise<void> {
    const both = (): boolean =>
      this.#said().every((text) => text.includes(words)) && this.#said()[0] === this.#said()[1];
    await eventually(both).catch(() => {
      throw new Error(`${words}\n${versus(...this.#said())}`);
    });
  }

  /** By itself or by Ctrl-C, with the same words and the same code. */
  async ends(signal: NodeJS.Signals | null = null): Promise<void> {
    if (signal !== null) for (const { child } of this.#running) child.kill(signal);
    await Promise.all(this.#running.map(({ closed }) => closed));
    const codes = this.#running.map(({ child }) => `ended with ${child.exitCode}`);
    const [ours, theirs] = this.#said();
    const [own, other] = [`${ours}\n${codes[0]}`, `${theirs}\n${codes[1]}`];
    if (own !== other) throw new Error(versus(own, other));
  }

  #said(): readonly [ours: string, theirs: string] {
    const [own, other] = this.#running as [Running, Running];
    return [equal(this.#sides.ours, own.output()), equal(this.#sides.theirs, other.output())];
  }
}

type Running = Readonly<{ child: ChildProcess; closed: Promise<unknown>; output: () => string }>;

function run(side: Side, line: string): Running {
  const [endpoints, words] = commandOf(side, line);
  const child = spawnEtcdctl(endpoints, words);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  return { child, closed: once(child, "close"), output: () => `${stdout}${withoutLog(stderr)}` };
}

async function tellOne(sides: Sides, line: string, input: string): Promise<readonly string[]> {
  const [, fails, name, rest] = /^(! )?(?:\$(\w+) = )?(.*)$/.exec(line) ?? [];
  const said = await Promise.all(
    [sides.ours, sides.theirs].map(async (side) => {
      const finished = await type(side, rest as string, input);
      if (name !== undefined) side.known.set(name, ID.exec(finished.stdout)?.[1] ?? "nothing");
      return { code: finished.code, text: saidOf(side, finished) };
    }),
  );
  const [ours, theirs] = said as [(typeof said)[0], (typeof said)[0]];
  if (ours.text !== theirs.text) return [`${line}\n${versus(ours.text, theirs.text)}`];
  if ((ours.code !== 0) === (fails !== undefined)) return [];
  return [`${line}\n  ended with ${ours.code} on both sides:\n${ours.text}`];
}

function versus(ours: string, theirs: string): string {
  return `detcd:\n${ours}\netcd:\n${theirs}`;
}

function saidOf(side: Side, { code, stdout, stderr }: Finished): string {
  const told = [stdout, withoutLog(stderr)].map((text) => pieces(equal(side, text)));
  return [...told, `ended with ${code}`].join("\n");
}

/** etcdctl's own log is about its tries, which may be more or fewer. */
function withoutLog(stderr: string): string {
  const lines = stderr.split("\n");
  return lines.filter((line) => !line.startsWith('{"level"')).join("\n");
}

/** Members and endpoints come in the order of ids or of chance: what is told of them, line by line
 *  or in lists of JSON, is put in order. */
function pieces(text: string): string {
  if (!/endpoint|member|<client/i.test(text)) return text;
  return text
    .split(/\n|\[|\]|,(?=\{|\w+=)|(?<=CLUSTER=)"|"(?=\n)/)
    .toSorted()
    .join("\n");
}

function sideOf(plans: readonly MemberPlan[]): Side {
  return { plans, advertised: plans.map(({ clientUrl }) => clientUrl), known: new Map() };
}

/** Their ids by their names; and the first is made to lead. */
async function meetMembers(side: Side): Promise<void> {
  const { stdout } = await type(side, "member list");
  for (const line of stdout.trim().split("\n")) {
    const [id, , name] = line.split(", ") as [string, string, string];
    side.known.set(name, id);
  }
  const [, cluster] = /"cluster_id":(\d+)/.exec((await type(side, "get a -w json")).stdout) ?? [];
  side.known.set("cluster", BigInt(cluster as string).toString(16));
  await type(side, "move-leader $one");
}

function commandOf(side: Side, line: string): readonly [endpoints: string[], words: string[]] {
  const [, at, rest] = /^(?:@(\d) )?(.*)$/.exec(filledIn(side, line)) ?? [];
  const all = side.plans.map(({ clientUrl }) => clientUrl.replace("http://", ""));
  const endpoints = at === undefined ? all : all.slice(Number(at), Number(at) + 1);
  const words = (rest as string).matchAll(/'([^']*)'|(\S+)/g);
  return [endpoints, [...words].map(([, quoted, plain]) => quoted ?? plain ?? "")];
}

function filledIn({ known }: Side, text: string): string {
  return text.replace(/\$(\w+)/g, (word, name: string) => known.get(name) ?? word);
}

/** Patterns of what may differ, and what is put in its place. */
const MAY_DIFFER: readonly (readonly [RegExp, string])[] = [
  [/-{2,}\+?| +/g, " "], // tables are as wide as what is in them
  [/\b\d+(\.\d+)?(µs|ms)\b|\b\d+\.\d+s\b/g, "<time>"],
  [/(remaining)\(\d+s\)/g, "$1(<time>)"],
  [/("ttl":)\d+/g, "$1<time>"],
  [/("TTL" : )\d+/g, "$1<time>"],
  [/\b\d+(\.\d+)? [kM]?B\b/g, "<size>"],
  [/\b3\.\d+\.\d+\b/g, "<version>"],
  [/("(?:raft_?term|raft(?:Applied)?Index|dbSize(?:InUse)?)":)\d+/gi, "$1<n>"],
  [/("(?:Raft(?:Term|Index|AppliedIndex)|DBSize)" : )\d+/g, "$1<n>"],
  [/\/[0-9a-f]{9,16}\b/g, "/<lease>"], // the keys of locks and elections; no zeros lead
  [/("ID"(?::| : ))\d+(?=\s*,?\s*"TTL")/g, "$1<lease>"],
  // terms and indexes in `endpoint status`
  [/(true|false)(,| \|) +(true|false)\2 +\d+\2 +\d+\2 +\d+/g, "$1, $3, <term>, <index>"],
  // a snapshot: two buckets may have more rows in them, of newer releases
  [/\b[0-9a-f]{1,8}(,| \|) (\d+)\1 \d+/g, "<hash>, $2, <keys>"],
  [/\{"hash":\d+,("revision":\d+),"totalKey":\d+,"totalSize":\d+/g, "<hash>, $1, <keys>"],
  [/"Hash" : \d+\n("Revision" : \d+)\n"Keys" : \d+\n"Size" : \d+/g, "<hash>, $1, <keys>"],
];

function equal({ plans, advertised, known }: Side, text: string): string {
  let out = withoutTerm(text);
  for (const [at, { name, clientUrl, peerUrl }] of plans.entries()) {
    for (const url of [clientUrl, advertised[at] as string]) {
      out = out.replaceAll(url.replace("http://", ""), `<client of ${name}>`);
    }
    out = out.replaceAll(peerUrl, `<peer of ${name}>`);
  }
  for (const [name, found] of known) {
    out = out.replaceAll(found, `<${name}>`);
    if (/^[0-9a-f]{9,16}$/.test(found))
      out = out.replaceAll(String(BigInt(`0x${found}`)), `<${name}>`);
  }
  for (const [pattern, instead] of MAY_DIFFER) out = out.replace(pattern, instead);
  return out;
}

/** The term ends the header, and the header begins a message in protobuf. */
function withoutTerm(text: string): string {
  const end = 2 + text.charCodeAt(1);
  const isHeader = text.startsWith("\n") && text[end - 2] === " ";
  return isHeader ? `${text.slice(0, end - 2)}<term>${text.slice(end)}` : text;
}
