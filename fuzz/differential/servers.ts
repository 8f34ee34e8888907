// A detcd and an etcd, of one member each or of three, for differential tests: started when they
// are needed, and again when they may not be equal any more.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { fromText } from "../../core/lib/bytes.ts";
import { CODEC } from "../../net/wire/messages/etcd-messages.ts";
import {
  flagsOf,
  type MemberPlan,
  MemberProcess,
  pause,
  planMembers,
} from "../../server/live/testing.ts";
import { CALLS } from "./steps/calls.ts";
import type { Report } from "./comparison.ts";
import { comparison } from "./comparison.ts";
import { KNOWN_DIFFERENCES } from "./known/known-differences.ts";
import type { KnownDifference } from "./known/known-difference.ts";
import { createRawClient } from "./raw-client.ts";
import type { RawClient } from "./raw-client.ts";
import type { Servers } from "./pair.ts";
import type { Sequence } from "./steps/step.ts";
import { until } from "./until.ts";

/** So slow that no lease runs out while a sequence lasts (the least is one and a half elections),
 *  and no leader is lost to a busy machine. */
const FLAGS: readonly string[] = [
  "--heartbeat-interval=300",
  "--election-timeout=3000",
  "--bcrypt-cost=4",
];
const STARTING_MS = 40_000;
/** etcd's five seconds, in which members must have been connected before they may change, and one
 *  more. */
const ACQUAINTED_MS = 6000;
/** etcd's count of watches that wait for history. */
const UNSETTLED_NONE = /^etcd_debugging_mvcc_slow_watcher_total 0$/m;

type Running = Servers & Readonly<{ stop: () => Promise<void> }>;

/** What counts as a difference; `alter` stands between detcd and whoever asks, to plant one. */
export type Terms = Readonly<{
  known: readonly KnownDifference[];
  alter: (client: RawClient) => RawClient;
}>;

export const USUAL_TERMS: Terms = { known: KNOWN_DIFFERENCES, alter: (client) => client };

export class ServerPair {
  readonly members: 1 | 3;
  #running: Running | null = null;
  #isTidy = false;

  constructor(members: 1 | 3) {
    this.members = members;
  }

  async run({ fresh, steps }: Sequence, { known, alter }: Terms): Promise<Report> {
    const servers = await this.#ready(fresh);
    this.#isTidy = false;
    const report = await comparison({ ...servers, ours: servers.ours.map(alter) }, steps, known);
    this.#isTidy = report.isTidy;
    return report;
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running?.stop();
  }

  async #ready(isFresh: boolean): Promise<Servers> {
    if (this.#running !== null && this.#isTidy && !isFresh) return this.#running;
    await this.stop();
    this.#running = await startBoth(this.members);
    if (!isFresh) await comparison(this.#running, [], KNOWN_DIFFERENCES);
    return this.#running;
  }
}

interface Member {
  readonly start: () => void;
  readonly kill: () => Promise<void>;
}

async function startBoth(members: number): Promise<Running> {
  const names = Array.from({ length: members }, (_, at) => `m${at}`);
  const plans = [await planMembers(names), await planMembers(names)] as const;
  const everyone = [...plans[0].map(detcdMember), ...plans[1].map(etcdMember)];
  const [ours, theirs] = plans.map((side) =>
    side.map(({ clientUrl }) => createRawClient(clientUrl)),
  );
  const clients = [...(ours ?? []), ...(theirs ?? [])];
  let startedAt = 0;
  const start = async (): Promise<void> => {
    for (const member of everyone) member.start();
    for (const client of clients) {
      if (await until(() => isServing(client), STARTING_MS)) continue;
      throw new Error("a server does not answer after its start");
    }
    startedAt = performance.now();
  };
  const kill = async (): Promise<void> => {
    await Promise.all(everyone.map((member) => member.kill()));
  };
  await start();
  return {
    ours: ours ?? [],
    theirs: theirs ?? [],
    urls: { ours: symbolsOf(plans[0]), theirs: symbolsOf(plans[1]) },
    acquainted: async () => {
      const left = startedAt + ACQUAINTED_MS - performance.now();
      if (members > 1 && left > 0) await pause(left);
    },
    settled: async () => {
      for (const { clientUrl } of plans[1]) {
        await until(async () => UNSETTLED_NONE.test(await textAt(`${clientUrl}/metrics`)));
      }
    },
    restart: async () => {
      await kill();
      await start();
    },
    stop: async () => {
      for (const client of clients) client.close();
      await kill();
      for (const [plan] of plans) {
        if (plan !== undefined) rmSync(dirname(plan.dataDirectory), { recursive: true });
      }
    },
  };
}

function detcdMember(plan: MemberPlan): Member {
  let child: MemberProcess | null = null;
  return {
    start: () => {
      child = new MemberProcess([...flagsOf(plan), ...FLAGS]);
    },
    kill: async () => {
      await child?.end("SIGKILL");
    },
  };
}

function etcdMember(plan: MemberPlan): Member {
  let child: ChildProcess | null = null;
  return {
    start: () => {
      child = spawn("etcd", [...flagsOf(plan), ...FLAGS], { stdio: "ignore" });
    },
    kill: async () => {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** The URLs of members, with their symbols. */
function symbolsOf(plans: readonly MemberPlan[]): ReadonlyMap<string, string> {
  return new Map(
    plans.flatMap(({ peerUrl, clientUrl }, at) => [
      [peerUrl, `peer${at}`],
      [clientUrl, `client${at}`],
    ]),
  );
}

/** A linearizable read has a leader behind it; and every member has told where it is. */
async function isServing(client: RawClient): Promise<boolean> {
  const message = CODEC.encode("RangeRequest", { key: fromText("a"), countOnly: true });
  if ((await client.call(CALLS.range[0], message, null)).code !== 0) return false;
  const list = await client.call(CALLS.member_list[0], new Uint8Array(0), null);
  const members = CODEC.decode("MemberListResponse", list.bytes);
  return members.ok && members.value.members.every(({ clientUrls }) => clientUrls.length > 0);
}

/** "" where nobody answers. */
function textAt(url: string): Promise<string> {
  return fetch(url).then(
    (response) => response.text(),
    () => "",
  );
}
