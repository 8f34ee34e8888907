// Who watches an election: told of each who leads, and of what the leader says of itself. Pure:
// core/services/concurrency/observers.ts carries out what is asked for.
//
// A client that does not read is not told everything that it missed: when it has room again, it is
// told who leads by then.

import type { Bytes } from "../contract.ts";
import type { Header, KeyValue, UnaryResponse, WatchEvent } from "../api/request.ts";
import { isBelow } from "./requests.ts";

export type Observer = Readonly<{
  prefix: Bytes;
  credit: number;
  told: KeyValue | null; // last
  at: Whereabouts;
}>;
type Whereabouts = Readonly<
  | { kind: "looking" } // for who leads
  | { kind: "first" } // nobody leads: whoever comes
  | { kind: "following"; key: Bytes }
  | { kind: "stalled" } // something happened, and there was no room to tell it
>;

/** Null: there is nothing to tell. */
export type Told = Readonly<{ observer: Observer; leader: Leader | null }>;
export type Leader = Readonly<{ header: Header; kv: KeyValue }>;

const LOOKING = { kind: "looking" } as const;

export function createObserver(prefix: Bytes, credit: number): Observer {
  return { prefix, credit, told: null, at: LOOKING };
}

/** Who leads, if anybody does. */
export function found(observer: Observer, response: UnaryResponse): Told {
  const kv = response.kind === "range" ? response.kvs[0] : undefined;
  if (kv === undefined) return { observer: { ...observer, at: { kind: "first" } }, leader: null };
  if (isSame(kv, observer.told)) return { observer: follow(observer, kv), leader: null };
  return tell(observer, { header: response.header, kv });
}

/** One thing that was applied; null: it is of no interest. */
export function heard(observer: Observer, event: WatchEvent, header: Header): Told | null {
  const { at, prefix } = observer;
  const { kind, kv } = event;
  if (at.kind === "first" && kind === "put" && isBelow(prefix, kv.key)) {
    return tell(observer, { header: { ...header, revision: kv.modRevision }, kv });
  }
  if (at.kind !== "following" || kv.key !== at.key) return null;
  if (kind === "put") return tell(observer, { header, kv });
  return { observer: { ...observer, at: LOOKING }, leader: null };
}

export function lookAnew(observer: Observer): Observer {
  return { ...observer, at: LOOKING };
}

export function withCredit(observer: Observer, items: number): Observer {
  const credit = observer.credit + items;
  const at = observer.at.kind === "stalled" && credit > 0 ? LOOKING : observer.at;
  return { ...observer, credit, at };
}

function tell(observer: Observer, leader: Leader): Told {
  if (observer.credit <= 0) {
    return { observer: { ...observer, at: { kind: "stalled" } }, leader: null };
  }
  const told = { ...observer, credit: observer.credit - 1, told: leader.kv };
  return { observer: follow(told, leader.kv), leader };
}

function isSame(kv: KeyValue, told: KeyValue | null): boolean {
  return kv.key === told?.key && kv.modRevision === told.modRevision;
}

function follow(observer: Observer, { key }: KeyValue): Observer {
  return { ...observer, at: { kind: "following", key } };
}
