// What the servers do by themselves, written into the history as if a client had asked for it:
// whoever judges the history must find it there. Every node tells of it, and the first one counts.

import type { ClusterId, Index, NodeId } from "../../core/contract.ts";
import { entries } from "../../core/lib/ordered-map.ts";
import type { TraceEvent } from "../../core/transcript/trace.ts";
import type { Micros } from "../run/frame.ts";
import type { Recorder } from "./recorder.ts";
import type { LeaseEnd } from "../run/result.ts";
import type { Counts } from "./tally.ts";
import { deletionOf } from "../clients/workload.ts";

type InternalWrite = Extract<TraceEvent, { kind: "inner_write" }>;
type AutoCompaction = Extract<TraceEvent, { kind: "auto_compaction" }>;
type LeaseEnded = Extract<TraceEvent, { kind: "lease_ended" }>;

/** Who does in the history what no client asked for. */
export const SERVERS = -1;
const DELETED = { kind: "delete_range", deleted: 1, prevKvs: [] } as const;

export class ServerEvents {
  readonly #clock: () => Micros;
  readonly #recorder: Recorder;
  readonly #counts: Counts;
  readonly #leaseEnds = new Map<Index, LeaseEnd>(); // in the order of the log
  readonly #internalWrites = new Set<Index>();

  constructor(clock: () => Micros, recorder: Recorder, counts: Counts) {
    this.#clock = clock;
    this.#recorder = recorder;
    this.#counts = counts;
  }

  note(event: TraceEvent): void {
    if (event.kind === "lease_ended") this.#leaseEnded(event);
    else if (event.kind === "inner_write") this.#internalWrite(event);
    else if (event.kind === "auto_compaction") this.#autoCompaction(event);
  }

  leaseEnds(): readonly LeaseEnd[] {
    return [...this.#leaseEnds.values()];
  }

  /** Nobody's call deletes the keys that go with a lease. The first node to apply it shows when it
   *  happened. */
  #leaseEnded({ index, lease, ranOut, ended }: LeaseEnded): void {
    if (this.#leaseEnds.has(index)) return;
    const { revision } = ended;
    const keys = [...entries(ended.keys)].map(([key]) => key);
    this.#leaseEnds.set(index, { index, lease, ranOut, at: this.#clock(), revision, keys });
    if (ranOut) this.#counts.leasesRanOut += 1;
    if (keys.length === 0) return;
    const nobody = { clusterId: 0n as ClusterId, memberId: 0n as NodeId, raftTerm: 0 };
    const header = { ...nobody, revision };
    const responses = keys.map(() => ({ ...DELETED, header }));
    const input = deletionOf(keys, lease);
    this.#recorder.witness(SERVERS, input, { kind: "txn", header, succeeded: true, responses });
  }

  /** What locks and elections write is asked for by no client, either. */
  #internalWrite({ index, request, response }: InternalWrite): void {
    if (this.#internalWrites.has(index)) return;
    this.#internalWrites.add(index);
    this.#recorder.witness(SERVERS, request, response);
  }

  /** Nobody tells what comes of it: its outcome stays unknown. */
  #autoCompaction({ revision, completed }: AutoCompaction): void {
    if (!completed)
      this.#recorder.begin(SERVERS, { kind: "compact", revision, physical: false }, null);
    else this.#counts.autoCompactions += 1;
  }
}
