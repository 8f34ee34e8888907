// Streams of one connection, one member: how many watches it may have, each on a stream of its own,
// how long that takes, what they cost, and whether another call on that connection is answered.

import { residentMb } from "../../memory.ts";
import type { Part } from "../trial.ts";

export const STREAMS: Part = {
  name: "streams",
  about: "watch streams on one connection, one member",
  measure: async ({ start, crew, sizes, figure, note }) => {
    const { members } = await start(1);
    const [member] = members as [(typeof members)[0]];
    const { endpoint, pid } = member;
    const beforeMb = residentMb(pid);
    const worker = await crew.start("streams", { endpoint, streams: sizes.streams });
    const afterMb = residentMb(pid);
    const { made, ms, refusals, otherCall, elsewhere } = await worker.end();
    figure(`streams made, of ${sizes.streams.toLocaleString("en")}`, "count", made);
    figure("time until the last was made", "ms", ms);
    figure("memory for each", "kB", ((afterMb - beforeMb) * 1024) / made);
    const others = [
      ["another call on that connection", otherCall],
      ["a call on another connection", elsewhere],
    ] as const;
    for (const [what, call] of others) {
      figure(`${what}: its wait`, "ms", call.ms);
      if (call.words !== "") note(`${what}: ${call.words}`);
    }
    for (const [words, times] of Object.entries(refusals)) note(`${times} streams: ${words}`);
  },
};
