// A step of a differential test: one thing that a client says, as plain data with the wire's own
// fields. What the servers choose, and who they are, is said by symbols (symbols.ts), and revisions
// are told from where the sequence begins, so that a step means the same whenever and to whomever
// it is said.

import type { ToWire } from "../../../net/wire/messages/etcd-messages.ts";
import type { CallName, RequestName } from "./calls.ts";

export type CallStep = {
  readonly [C in CallName]: Readonly<{
    kind: C;
    at: number; // the member that is asked, or LEADER
    as: string; // with the token that this user got last; "" for none
    message: ToWire<RequestName<C>>;
  }>;
}[CallName];
export type KeepAliveStep = Readonly<{
  kind: "keep_alive";
  at: number;
  as: string;
  message: ToWire<"LeaseKeepAliveRequest">;
}>;
/** Every stream is with the member of its number. `isHasty`: what follows does not wait until etcd
 *  has looked through history for this watch. */
export type WatchStep = Readonly<{
  kind: "watch";
  stream: number;
  as: string; // whoever opens the stream has it
  isHasty: boolean;
  message: ToWire<"WatchRequest">;
}>;
export type LeaveStep = Readonly<{ kind: "leave"; stream: number }>;
/** The client says no more on the stream, and listens. */
export type HalfCloseStep = Readonly<{ kind: "half_close"; stream: number }>;
/** All members are killed, and begin again with what their disks hold. */
export type RestartStep = Readonly<{ kind: "restart" }>;
/** What no gRPC library would say. */
export type RawStep = Readonly<{
  kind: "raw";
  at: number;
  headers: Readonly<Record<string, string>>; // beside or instead of the usual ones; "": without it
  body: Uint8Array; // of HTTP, with gRPC's prefix or whatever is there in its place
}>;
export type Step =
  CallStep | KeepAliveStep | WatchStep | LeaveStep | HalfCloseStep | RestartStep | RawStep;

/** `fresh`: begins on servers that hold nothing yet, at revision 1 and never compacted. */
export type Sequence = Readonly<{ fresh: boolean; steps: readonly Step[] }>;

export const ROOT = "root";
/** Those that users may have. */
export const PASSWORDS: readonly string[] = ["p", "q"];
