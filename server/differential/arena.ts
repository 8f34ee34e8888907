// A detcd and an etcd of one member each, for differential tests: started when they are needed, and
// again when they may not be equal any more.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { flagsOf, type MemberPlan, MemberProcess, planMembers } from "../testing.ts";
import type { Report, Servers } from "./duel.ts";
import { duel } from "./duel.ts";
import { KNOWN_DIFFERENCES } from "./known-differences.ts";
import type { KnownDifference } from "./known-differences.ts";
import { createRawClient } from "./raw-client.ts";
import type { RawClient } from "./raw-client.ts";
import type { Sequence } from "./step.ts";
import { until } from "./until.ts";

/** With these no lease runs out while a sequence lasts: the least is one and a half elections. */
const SLOW_CLOCK: readonly string[] = ["--heartbeat-interval=1000", "--election-timeout=20000"];

const STARTING_MS = 15_000;
/** etcd's count of watches that wait for history. */
const UNSETTLED_NONE = /^etcd_debugging_mvcc_slow_watcher_total 0$/m;

type Running = Servers & Readonly<{ stop: () => Promise<void> }>;

/** What counts as a difference; `alter` stands between detcd and whoever asks, to plant one. */
export type Terms = Readonly<{
  known: readonly KnownDifference[];
  alter: (client: RawClient) => RawClient;
}>;

export const USUAL_TERMS: Terms = { known: KNOWN_DIFFERENCES, alter: (client) => client };

export class Arena {
  #running: Running | null = null;
  #isTidy = false;

  async run({ fresh, steps }: Sequence, { known, alter }: Terms): Promise<Report> {
    const servers = await this.#ready(fresh);
    this.#isTidy = false;
    const report = await duel({ ...servers, ours: alter(servers.ours) }, steps, known);
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
    this.#running = await startBoth();
    if (!isFresh) await duel(this.#running, [], KNOWN_DIFFERENCES);
    return this.#running;
  }
}

async function startBoth(): Promise<Running> {
  const plans = await planMembers(["ours", "theirs"]);
  const [plan, other] = plans.map((each) => ({
    ...each,
    initialCluster: `${each.name}=${each.peerUrl}`,
  })) as [MemberPlan, MemberPlan];
  const etcd = spawn("etcd", [...flagsOf(other), ...SLOW_CLOCK], { stdio: "ignore" });
  const gone = once(etcd, "exit");
  const detcd = new MemberProcess([...flagsOf(plan), ...SLOW_CLOCK]);
  await detcd.says("ready to serve client requests");
  const isHealthy = async (): Promise<boolean> =>
    (await textAt(`${other.clientUrl}/health`)).includes("true");
  if (!(await until(isHealthy, STARTING_MS))) throw new Error("etcd does not become healthy");
  const ours = createRawClient(plan.clientUrl);
  const theirs = createRawClient(other.clientUrl);
  return {
    ours,
    theirs,
    settled: async () => {
      await until(async () => UNSETTLED_NONE.test(await textAt(`${other.clientUrl}/metrics`)));
    },
    stop: async () => {
      ours.close();
      theirs.close();
      etcd.kill("SIGKILL");
      await Promise.all([detcd.end("SIGKILL"), gone]);
      rmSync(dirname(plan.dataDirectory), { recursive: true, force: true });
    },
  };
}

/** "" where nobody answers. */
function textAt(url: string): Promise<string> {
  return fetch(url).then(
    (response) => response.text(),
    () => "",
  );
}
