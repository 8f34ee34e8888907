// A store whose half was deleted is defragmented, one member: what a put waits beside it, how long
// it takes, and what becomes of the file.

import { Client } from "../../client.ts";
import type { Response } from "../../../core/api/request.ts";
import { deleteOf } from "../../../core/api/testing.ts";
import { figuresOf, putsBeside } from "../beside.ts";
import { nowMs } from "../latency.ts";
import { calm, fill, keyAt, statusOf } from "../store.ts";
import type { Part } from "../trial.ts";

const VALUE_BYTES = 100_000;
const PREFIX = "d/";

export const DEFRAGMENT: Part = {
  name: "defragment",
  about: "defragment of a store whose half was deleted, one member",
  measure: async (trial) => {
    const { members } = await trial.start(1);
    const [member] = members as [(typeof members)[0]];
    const { endpoint } = member;
    const client = new Client(endpoint);
    const keys = Math.ceil((trial.sizes.megabytes * 1e6) / VALUE_BYTES);
    await fill(client, { prefix: PREFIX, keys, valueBytes: VALUE_BYTES, lease: 0n });
    const half = keyAt(PREFIX, Math.floor(keys / 2));
    const answer = await client.ask(deleteOf(PREFIX, half));
    const { header } = answer as Extract<Response, { kind: "delete_range" }>;
    await client.ask({ kind: "compact", revision: header.revision, physical: true });
    await calm(endpoint);
    const before = await statusOf(member);
    let [begunMs, endedMs] = [0, 0];
    const waits = await putsBeside(trial, endpoint, async () => {
      begunMs = nowMs();
      await client.ask({ kind: "defragment" }, { timeoutMs: 120_000 });
      endedMs = nowMs();
    });
    client.close();
    const after = await statusOf(member);
    trial.figure("time that it takes", "ms", endedMs - begunMs);
    figuresOf(trial, "put beside it", waits);
    trial.figure("the store's size before", "MB", before.dbSize / 1e6);
    trial.figure("the store's size after", "MB", after.dbSize / 1e6);
    trial.figure("in use after", "MB", after.dbSizeInUse / 1e6);
  },
};
