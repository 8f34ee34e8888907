// The leader is told to end, three members: for how long a client of another member, that puts all
// the time, gets no answer. Others put meanwhile, as fast as they can.

import { setTimeout } from "node:timers/promises";
import { failuresOf, putsBeside } from "../beside.ts";
import { longestSilenceMs, nowMs } from "../latency.ts";
import { leaderOf } from "../store.ts";
import type { Part } from "../trial.ts";

const CLIENTS = 4; // beside, each a process
const EVERY_MS = 5;
const BEFORE_MS = 2000;
const AFTER_MS = 8000;

export const HANDOVER: Part = {
  name: "handover",
  about: "SIGTERM to the leader under load, three members",
  measure: async (trial) => {
    const cluster = await trial.start(3);
    const leader = await leaderOf(cluster);
    const [other = leader] = cluster.members.filter((member) => member !== leader);
    const { endpoint } = other;
    const put = { endpoint, everyMs: 0, most: Number.MAX_SAFE_INTEGER, valueBytes: 100, token: "" };
    const load = await Promise.all(
      Array.from({ length: CLIENTS }, (_, n) =>
        trial.crew.start("puts", { ...put, prefix: `${n}/` }),
      ),
    );
    let [beforeMs, askedMs, goneMs, doneMs] = [0, 0, 0, 0];
    const end = async (): Promise<void> => {
      beforeMs = nowMs();
      await setTimeout(BEFORE_MS);
      askedMs = nowMs();
      await leader.end("SIGTERM");
      goneMs = nowMs();
      await setTimeout(AFTER_MS);
      doneMs = nowMs();
    };
    const waits = await putsBeside(trial, endpoint, end, { everyMs: EVERY_MS });
    await Promise.all(load.map((worker) => worker.end()));
    const usual = longestSilenceMs(waits.waits, [beforeMs, askedMs]);
    const silence = longestSilenceMs(waits.waits, [askedMs, doneMs]);
    trial.figure("longest time without an answer, before", "ms", usual);
    trial.figure("longest time without an answer, once the leader is told to end", "ms", silence);
    failuresOf(trial, "puts", waits);
    trial.figure("time that the leader takes to end", "ms", goneMs - askedMs);
  },
};
