// Which history is given up by itself: what is older than some time, or further back than some
// revisions. Source of the rules: etcd server/etcdserver/api/v3compactor.
//
// Every member takes samples, and only the leader acts on them, so that a new leader need not begin
// to look back anew. Acting is asking for a compaction; whether it came about is seen in the store.

import type { Millis } from "../contract.ts";

export type Retention = Readonly<
  | { kind: "everything" }
  | { kind: "time"; retentionMs: number } // at least for so long
  | { kind: "revisions"; count: number; everyMs: number } // at least so many, looked at so often
>;

export type Compactor = Readonly<{
  samples: readonly number[]; // revisions, the oldest first, one for each tenth of the period
  sampledAt: Millis;
  patienceMs: number; // how long after a compaction the next one may come
  last: Compacted;
  asked: Compacted | null; // not seen to have come about yet
}>;
type Compacted = Readonly<{ revision: number; at: Millis }>;

export type Sampled = Readonly<{
  compactor: Compactor;
  compact: number | null; // the revision to compact at now
  completed: number | null; // what was asked for has come about
}>;

const HOUR_MS = 60 * 60 * 1000;
const SAMPLES_PER_PERIOD = 10;
/** Between two looks of etcd at the number of revisions. */
export const REVISIONS_EVERY_MS: number = 5 * 60 * 1000;

export function createCompactor(retention: Retention, revision: number, now: Millis): Compactor {
  const patienceMs = retention.kind === "time" ? retention.retentionMs : 0;
  const last = { revision: 0, at: now };
  return { samples: [revision], sampledAt: now, patienceMs, last, asked: null };
}

/** What the present means. `compacted`: history below it is given up already. */
export function keep(
  before: Compactor,
  retention: Retention,
  now: Millis,
  revision: number,
  compacted: number,
  leads: boolean,
): Sampled {
  if (retention.kind === "everything" || now - before.sampledAt < sampleMs(retention)) {
    return { compactor: before, compact: null, completed: null };
  }
  const { asked } = before;
  const completed = asked !== null && compacted >= asked.revision ? asked : null;
  const compactor = { ...before, last: completed ?? before.last, asked: null };
  const compact = leads ? maybeDue(compactor, retention, now, revision) : null;
  const samples = [...compactor.samples, revision].slice(-samplesOf(retention));
  const patienceMs =
    retention.kind === "time" && compact !== null
      ? Math.min(retention.retentionMs, HOUR_MS)
      : compactor.patienceMs;
  return {
    compactor: {
      ...compactor,
      samples,
      patienceMs,
      sampledAt: now,
      asked: compact === null ? null : { revision: compact, at: now },
    },
    compact,
    completed: completed?.revision ?? null,
  };
}

/** The oldest sample is of one retention ago, and of one sample more, as etcd's is. */
function maybeDue(compactor: Compactor, retention: Retention, now: Millis, present: number) {
  const { samples, last, patienceMs } = compactor;
  if (retention.kind === "revisions") {
    const revision = present - retention.count;
    return revision <= 0 || revision === last.revision ? null : revision;
  }
  const oldest = samples[0] ?? present;
  return now - last.at < patienceMs || oldest === last.revision ? null : oldest;
}

function sampleMs(retention: Exclude<Retention, { kind: "everything" }>): number {
  if (retention.kind === "revisions") return retention.everyMs;
  return Math.min(retention.retentionMs, HOUR_MS) / SAMPLES_PER_PERIOD;
}

function samplesOf(retention: Exclude<Retention, { kind: "everything" }>): number {
  if (retention.kind === "revisions") return 1;
  return Math.floor(retention.retentionMs / sampleMs(retention)) + 1;
}
