// core/contract.ts: the one door of the house. Types only; it imports nothing but types.
//
// A node is a function: `step(state, input, kv) → [state, effects]`. A driver (server/ or sim/)
// feeds it inputs, one at a time, and performs every effect that it returns, in the order of the
// list.

import type { ApiError } from "./api/errors.ts";
// etcd's calls, as plain data
import type { KeyValue, Request, Response, StreamRequest } from "./api/request.ts";
import type { StreamResponse } from "./api/request.ts";
import type { Credential } from "./auth/tokens.ts";
import type { Config } from "./config.ts";
import type { Member } from "./membership/membership.ts";
import type { Message } from "./raft/message.ts"; // what peers say, a union on `kind`
import type { NodeState } from "./node-state.ts";
import type { TraceEvent } from "./transcript/trace.ts";

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

// Counters begin at zero and grow by one. They cannot reach 2^53, so they are numbers.
export type Term = Brand<number, "Term">;
export type Index = Brand<number, "Index">;
export type Revision = Brand<number, "Revision">;
export type Millis = Brand<number, "Millis">; // the driver's monotonic clock, never the wall
// Identities are opaque 64-bit patterns. They are compared and printed, never added.
export type NodeId = Brand<bigint, "NodeId">;
export type ClusterId = Brand<bigint, "ClusterId">;
export type LeaseId = Brand<bigint, "LeaseId">;
// Handles are minted by one side and only echoed by the other.
export type CallId = Brand<number, "CallId">; // minted by the driver, one per RPC
export type DiskToken = Brand<number, "DiskToken">; // minted by the node, one per disk effect
// One char per byte (0x00–0xFF): immutable, ordered by `<`, equal by `===`, and a good map key.
export type Bytes = Brand<string, "Bytes">;
export type FileName = Brand<string, "FileName">;
export type Result<T, E = ApiError> = Readonly<{ ok: true; value: T } | { ok: false; error: E }>;

/** Everything the world may tell a node. */
export type Input = Readonly<
  | { kind: "tick"; now: Millis }
  | { kind: "peer.message"; from: NodeId; message: Message }
  | { kind: "peer.unreachable"; peer: NodeId }
  | { kind: "peer.link"; peer: NodeId; up: boolean } // a connection to it is there, or is gone
  | { kind: "call"; call: CallId; request: Request; context: CallContext }
  | { kind: "call.item"; call: CallId; request: StreamRequest } // what follows on a stream
  | { kind: "call.credit"; call: CallId; items: number } // as many pushes left the client's pipe
  | { kind: "call.close"; call: CallId } // the client of a stream says no more, but listens
  | { kind: "call.cancel"; call: CallId } // the client has gone: no reply is wanted
  | { kind: "password.done"; call: CallId; answer: PasswordAnswer }
  | { kind: "disk.done"; token: DiskToken }
  | { kind: "kv.done"; applied: Index } // durable, not merely visible
  | { kind: "snapshot.sent"; peer: NodeId; ok: boolean }
  | { kind: "snapshot.staged"; from: NodeId; term: Term; meta: SnapshotMeta }
  | ({ kind: "backup.piece"; call: CallId } & BackupPiece)
  | { kind: "defragment.done"; error: string | null } // a sentence: the store is as it was
  | { kind: "stopping" } // the process is about to end: a leader hands over first
  | { kind: "resume" } // everybody else had their turn: the next piece of long work
>;

/** Everything a node may ask of the world. An effect in hand is an effect allowed: run it now. */
export type Effect = Readonly<
  | { kind: "peer.send"; to: NodeId; message: Message } // may be lost
  // Who they are now, and where they listen. Whoever is `removed` is not to be heard any more, and
  // if that is this node itself, it is to be stopped.
  | { kind: "peers"; members: readonly Member[]; removed: readonly NodeId[] }
  | { kind: "disk"; token: DiskToken; ops: readonly DiskOp[] } // in order, then disk.done
  | { kind: "kv"; applied: Index; writes: readonly KvWrite[] } // atomic, in order
  | { kind: "call.reply"; call: CallId; result: Result<Response> } // exactly once for each call
  // Before its reply: some of what it will say. `isFirst`: what came before is void.
  | {
      kind: "call.part";
      call: CallId;
      operation: number;
      kvs: readonly KeyValue[];
      isFirst: boolean;
    }
  | { kind: "call.push"; call: CallId; response: StreamResponse } // on a stream, in order
  | { kind: "call.end"; call: CallId; error: ApiError | null } // of a stream: the last word
  | { kind: "password"; call: CallId; work: PasswordWork } // in the background, then password.done
  | { kind: "snapshot.send"; to: NodeId; term: Term; meta: SnapshotMeta } // then snapshot.sent
  | { kind: "snapshot.install"; meta: SnapshotMeta } // done before the next effect, then kv.done
  | { kind: "backup.read"; call: CallId; pieces: number } // the next ones, of a pinned view
  | { kind: "backup.close"; call: CallId } // no more of them: the view may go
  | { kind: "defragment" } // give free room back, in the background, then defragment.done
  // Once in a life that compares itself with the others before it serves: it may, or why it must
  // not. No calls before, none ever.
  | { kind: "admission"; refusal: string | null }
  | { kind: "yield" } // long work is left: let everybody else have their turn, then resume
  | { kind: "trace"; event: TraceEvent } // for people only
>;

/** What comes with a call besides the request: etcd's metadata, and when it must end. */
export type CallContext = Readonly<{
  /** When the client stops waiting, on this node's clock. The core has a limit of its own
   *  besides. */
  deadline: Millis;
  /** "": the client shows none. Of a signed one that the driver found right: what it says. Where
   *  none is shown, the name in a certificate that the driver found right, of who asks itself. */
  token: Credential;
  requireLeader: boolean; // better an error than an answer while this node knows no leader
}>;

/** Hashing a password takes a while on purpose, so it is no business of a step. */
export type PasswordWork = Readonly<
  | { kind: "hash"; password: string }
  /** The token of a right one names this user and revision, where tokens are signed. */
  | { kind: "check"; password: string; hash: Bytes; user: Bytes; revision: number }
>;
/** `prefix`: sixteen letters that nobody can guess, of a token to be. Where tokens are signed: "",
 *  and the token itself. */
export type PasswordAnswer = Readonly<
  | { kind: "hashed"; hash: Bytes }
  | { kind: "right"; prefix: Bytes; token: string }
  | { kind: "wrong" }
  | { kind: "refused"; error: ApiError } // nobody has the time, or the right, to do it
>;

/** What a KV image holds: the state after entry `index`, and the members at that point. */
export type SnapshotMeta = Readonly<{
  index: Index;
  term: Term;
  voters: readonly NodeId[];
  learners: readonly NodeId[];
}>;

/** A piece of the store as one file that etcd's tools can read. The last one is the SHA-256 of all
 *  before it, which `remainingBytes` does not count. */
export type BackupPiece = Readonly<{ blob: Uint8Array; remainingBytes: number; isLast: boolean }>;

/** Disk, seen by a running node: orders carried out in sequence. core/storage makes the bytes. */
export type DiskOp = Readonly<
  | { kind: "write"; file: FileName; offset: number; bytes: Uint8Array } // makes the file if absent
  | { kind: "sync"; file: FileName } // the file's bytes, its length and its name are durable
  | { kind: "truncate"; file: FileName; length: number }
  | { kind: "remove"; file: FileName }
>;

/** Disk, seen by a node that boots: synchronous and read-only. */
export interface DiskReader {
  readonly list: () => readonly FileName[];
  readonly read: (file: FileName) => Uint8Array;
}

/** The state machine's own data. Synchronous, because reading memory is not I/O. It may lag behind
 *  the `kv` effects already issued; core/kv/overlay.ts hides the lag from every answer.
 *  `scan` covers [from, to) in ascending byte order; `reverse` walks the same range downwards. */
export interface KvReader {
  readonly get: (table: Table, key: Bytes) => Uint8Array | null;
  readonly scan: (
    table: Table,
    from: Bytes,
    to: Bytes,
    reverse?: boolean,
  ) => Iterable<readonly [key: Bytes, value: Uint8Array]>;
  readonly sizeBytes: () => number; // what the store takes on disk, for people
  /** Of these, what its content fills: the quota is about them. Differs from member to member. */
  readonly sizeInUseBytes: () => number;
}
export type Table = "meta" | "keys" | "leases" | "members" | "alarms" | "auth";
export type KvWrite = Readonly<
  | { kind: "put"; table: Table; key: Bytes; value: Uint8Array }
  | { kind: "delete"; table: Table; key: Bytes }
>;

export type Step = readonly [state: NodeState, effects: readonly Effect[]];

/** Recovery is a step too: the same code reads a disk after a power cut, real or simulated.
 *  An error is a sentence for the operator: the data is damaged or belongs to someone else. */
export type Boot = (
  config: Config,
  seed: bigint,
  now: Millis,
  disk: DiskReader,
  kv: KvReader,
) => Result<Step, string>;

/** The whole product. No clock, no chance, no promise, no throw but for a broken invariant. */
export type StepFunction = (state: NodeState, input: Input, kv: KvReader) => Step;

/** A driver performs effects. The compiler rejects one that forgets a kind. */
export type Performer = {
  readonly [K in Effect["kind"]]: (effect: Extract<Effect, { kind: K }>) => void;
};

// The laws of a driver. core/laws/laws.ts states them as cases; both drivers run it.
//  1. One step at a time. What an effect causes joins the queue of inputs; it never re-enters.
//  2. `disk` effects happen in order, each answered by one disk.done, in order. A failure is a
//     crash. Syncs of consecutive appends to one file may be merged; else a sync ends before
//     another file is touched (recovery tells a torn write from damage by it).
//  3. `kv` effects happen in order, each atomic. After kv.done(n) the reader shows at least n, and
//     a crash does not take it back. A write beyond the limits of every store (core/kv/limits.ts)
//     is a broken invariant of the core: its batch is refused whole, by an assertion when it is
//     performed or, where a driver looks at a large one later, by a failure of its commit. Nothing
//     of it is ever stored, and the process ends.
//  4. `peer.send` may be lost, doubled, delayed or reordered. Nothing else may.
//  5. `snapshot.install` is complete when the next effect is performed: the reader shows the staged
//     image and nothing of the old one, durably; kv.done(meta.index) follows as an input.
//  6. A call whose request is for a stream opens one. Its pushes reach the client in order, or the
//     stream ends. `call.credit` gives back what pushes took, once they have left for the client;
//     it may come late. Items, credit and cancels may cross a `call.end`; they mean nothing then.
//  7. `trace` may be thrown away. A run without traces is the same run.
//  8. A `backup.read` is answered by as many backup.piece as it asks for, or as there are, until
//     `backup.close` lets the view go. All pieces of a call show the store at one moment, which is
//     no earlier than the last kv.done before its first `backup.read`.
//  9. Each `password` is answered by one password.done, unless the node stops before: in any order,
//     and some time. What it was asked is written nowhere.
// 10. A `yield` is answered by one `resume`, behind all inputs that wait by then, those included
//     that its driver had not yet read when it was performed. A node asks for no second one before.
// 11. Each `call.part` holds keys of a range that the call asks for, or of the range at this place
//     in its transaction. The client hears of them with the reply, in their order and before those
//     that the reply has for the same range; of an error without them.
// 12. A `defragment` is answered by one defragment.done, unless the node stops before; the node
//     asks for one at a time. `kv` effects go on meanwhile and may be done later than else; readers
//     show what they showed. Only then sizeBytes falls, whether a crash follows or not. Whatever
//     goes wrong on the way, a full disk or an image that is installed, leaves the store as it was.
// 13. A node that was told `stopping` goes on as before until its driver ends it, at any time.
