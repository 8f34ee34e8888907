// What a judge says. A verdict never stands alone: "ok" shows an order, "illegal" shows why, and
// "unknown" shows how far it came. checker/verdict/certificate.ts re-checks the first two.

export type Verdict = Readonly<
  | { verdict: "ok"; order: readonly number[]; steps: number } // ids of operations, first to last
  | { verdict: "illegal"; certificate: Certificate; steps: number }
  | { verdict: "unknown"; steps: number; stoppedAt: string }
>;

/** Why a history cannot be explained. All but the last two are about one or two operations and need
 *  no search to be believed. */
export type Certificate = Readonly<
  /** `operation` claims a revision that no store can have given it. */
  | { kind: "impossible_revision"; operation: number; revision: number }
  /** Two operations changed the store, and both say that they made this revision. */
  | { kind: "duplicate_revision"; first: number; second: number; revision: number }
  /** `first` had returned before `second` was called, but their revisions say the opposite. */
  | { kind: "real_time"; first: number; second: number }
  /** `reader` saw `key` as the write of revision `modRevision` left it, but `writer` made that
   *  revision and did not leave it so. */
  | { kind: "not_written"; reader: number; writer: number; key: string; modRevision: number }
  /** `reader` saw `key` in a state that `writer`, between that state and the read, had replaced.
   *  `modRevision` is null where the reader saw no such key. */
  | { kind: "overwritten"; reader: number; writer: number; key: string; modRevision: number | null }
  /** `revisions` changes were seen, and the history has fewer writes. */
  | { kind: "too_few_writes"; operation: number; revisions: number; writes: number }
  /** Nothing that may have happened explains this revision, which somebody saw. */
  | { kind: "unexplained_revision"; revision: number; witness: number }
  /** In no possible order does `operation` get this answer. */
  | { kind: "wrong_answer"; operation: number; revision: number | null; difference: string }
  /** `operation` was told that all below `revision` is compacted, and nobody had asked for it. */
  | { kind: "never_compacted"; operation: number; revision: number }
  /** Both compacted this revision. */
  | { kind: "compacted_again"; first: number; second: number; revision: number }
  /** `first` had returned, and everything below `revision` was given up, before `second` was called
   *  and found some of it. */
  | { kind: "compaction_undone"; first: number; second: number; revision: number }
  /** A search without revisions: the longest order found, and the operation that no order places.
   */
  | { kind: "no_order"; longest: readonly number[]; operation: number }
>;
