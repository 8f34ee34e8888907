// Writes down what clients said and heard on streams of watches, stream by stream.

import type { WatchAsk, WatchResponse } from "../../core/api/request.ts";
import type { NodeId } from "../../core/contract.ts";
import { must } from "../../core/lib/assert.ts";
import type { Micros } from "../run/frame.ts";
import type { WatchHeard, WatchSession } from "./history.ts";
import type { Sent } from "../cluster/streams.ts";
import type { Counts } from "./tally.ts";

type Open = {
  readonly session: Omit<WatchSession, "endedAt" | "said" | "heard">;
  readonly said: WatchSession["said"][number][];
  readonly heard: WatchHeard[];
  endedAt: Micros | null;
};

export class WatchRecorder {
  readonly #clock: () => Micros;
  readonly #counts: Counts;
  readonly #sessions: Open[] = [];

  constructor(clock: () => Micros, counts: Counts) {
    this.#clock = clock;
    this.#counts = counts;
  }

  open(client: number, node: number, member: NodeId): number {
    const id = this.#sessions.length;
    const session = { id, client, node, member, openedAt: this.#clock() };
    this.#sessions.push({ session, said: [], heard: [], endedAt: null });
    return id;
  }

  said(id: number, ask: WatchAsk): void {
    this.#of(id).said.push({ at: this.#clock(), ask });
  }

  heard(id: number, response: WatchResponse, { at, compacted }: Sent): void {
    this.#of(id).heard.push({ at: this.#clock(), sentAt: at, compacted, response });
    const { events, fragment, created, canceled, compactRevision } = response;
    this.#counts.watchEvents += events.length;
    this.#counts.watchFragments += Number(fragment);
    this.#counts.watchesCompacted += Number(compactRevision > 0);
    if (events.length === 0 && !created && !canceled) this.#counts.watchProgress += 1;
  }

  end(id: number): void {
    this.#of(id).endedAt ??= this.#clock();
  }

  sessions(): readonly WatchSession[] {
    return this.#sessions.map(({ session, said, heard, endedAt }) => {
      return { ...session, endedAt, said, heard };
    });
  }

  #of(id: number): Open {
    return must(this.#sessions[id], `there is no stream ${id}`);
  }
}
