// Puts beside clients that read much, three members: what a put waits, and whether the leader keeps
// its office meanwhile. All of them talk to the leader.

import { setTimeout } from "node:timers/promises";
import { Client } from "../../client.ts";
import type { Cluster } from "../../server-cluster.ts";
import { figuresOf, putsBeside } from "../beside.ts";
import { calm, fill, leaderOf, termOf } from "../store.ts";
import type { Part, Trial } from "../trial.ts";

const SMALL_BYTES = 100;
const MIDDLE = { prefix: "m/", keys: 10_000, valueBytes: 1000, lease: 0n }; // 10 MB
const CLIENTS = 20;

export const RANGES: Part = {
  name: "ranges",
  about: "puts beside large reads, three members",
  measure: async (trial) => {
    const cluster = await trial.start(3);
    const { endpoint } = await leaderOf(cluster);
    const client = new Client(endpoint);
    const { keys } = trial.sizes;
    await fill(client, { prefix: "r/", keys, valueBytes: SMALL_BYTES, lease: 0n });
    await fill(client, MIDDLE);
    client.close();
    await calm(endpoint);
    const alone = await putsBeside(trial, endpoint, () => setTimeout(trial.sizes.seconds * 1000));
    figuresOf(trial, "put, nothing beside it", alone);
    const many = `${CLIENTS} clients that range over ${keys.toLocaleString("en")} keys`;
    await beside(trial, cluster, endpoint, many, { clients: CLIENTS, prefix: "r/" });
    await calm(endpoint);
    const one = "1 client that loops over 10 MB of keys";
    await beside(trial, cluster, endpoint, one, { clients: 1, prefix: MIDDLE.prefix });
  },
};

async function beside(
  trial: Trial,
  cluster: Cluster,
  endpoint: string,
  what: string,
  load: Readonly<{ clients: number; prefix: string }>,
): Promise<void> {
  const term = await termOf(cluster);
  const { seconds } = trial.sizes;
  const reads = await trial.crew.start("ranges", { endpoint, ...load });
  const waits = await putsBeside(trial, endpoint, () => setTimeout(seconds * 1000)).finally(
    reads.end,
  );
  const { answers, bytes, failures } = await reads.result;
  figuresOf(trial, `put beside ${what}`, waits);
  trial.figure(`${what}: leader changes`, "count", (await termOf(cluster)) - term);
  trial.figure(`${what}: their answers`, "1/s", answers / seconds);
  trial.figure(`${what}: what they were sent`, "MB/s", bytes / 1e6 / seconds);
  for (const [words, times] of Object.entries(failures)) {
    trial.note(`${what}: ${times} reads failed: ${words}`);
  }
}
