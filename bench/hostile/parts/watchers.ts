// Memory beside watchers that do not read, one member: before they come, at its top, and after they
// left; and what the puts wait that they do not read about.

import { setTimeout } from "node:timers/promises";
import { MemoryTop, residentMb } from "../../memory.ts";
import { figuresOf } from "../beside.ts";
import type { Part } from "../trial.ts";

const PREFIX = "w/";
const VALUE_BYTES = 100_000;
const PUTS_ALONE = 200;
const GIVEN_BACK_MS = 15_000;

export const WATCHERS: Part = {
  name: "watchers",
  about: "memory beside watchers that do not read, one member",
  measure: async (trial) => {
    const { start, sizes, figure, note } = trial;
    const { members } = await start(1);
    const [member] = members as [(typeof members)[0]];
    const { endpoint } = member;
    const puts = { endpoint, everyMs: 0, prefix: PREFIX, valueBytes: VALUE_BYTES, token: "" };
    const alone = await trial.crew.start("puts", { ...puts, most: PUTS_ALONE });
    figuresOf(trial, "put of 100 kB, nobody watches", await alone.result);
    const beforeMb = residentMb(member.pid);
    const top = new MemoryTop(member.pid);
    const watching = { endpoint, watchers: sizes.watchers, prefix: PREFIX };
    const watchers = await trial.crew.start("stalledWatchers", watching);
    const beside = await trial.crew.start("puts", { ...puts, most: sizes.puts });
    const waits = await Promise.race([beside.result, setTimeout(120_000).then(beside.end)]);
    const what = `put of 100 kB, ${sizes.watchers} watchers that do not read`;
    figuresOf(trial, what, waits);
    const topMb = top.end();
    const { made } = await watchers.end();
    if (made < sizes.watchers) note(`only ${made} of ${sizes.watchers} watchers were made`);
    await setTimeout(GIVEN_BACK_MS);
    const afterMb = residentMb(member.pid);
    figure("memory before they come", "MB", beforeMb);
    figure(`memory at its top, ${sizes.puts} puts later`, "MB", topMb);
    figure("growth", "MB", topMb - beforeMb);
    figure(`memory ${GIVEN_BACK_MS / 1000} s after they left`, "MB", afterMb);
  },
};
