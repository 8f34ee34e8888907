// Alarms: the cluster's own note that something is wrong with a member. Replicated, kept in the
// table "alarms", and obeyed where entries are applied, so that every member refuses the same.
//
// NOSPACE: nothing that makes the store grow. CORRUPT: nothing that changes keys or leases.

import type { Bytes, KvReader, KvWrite, NodeId } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import type { Alarm, AlarmType } from "../api/request-maintenance.ts";
import { ABOVE_ALL, EMPTY } from "../lib/bytes.ts";
import type { Command, Origin } from "./commands/command.ts";
import { costOf } from "./cost.ts";

/** Sorted by type, then by member. */
export type Alarms = readonly Alarm[];

/** The first char of a key; the member's id in hexadecimal digits follows. */
const CODES: Readonly<Record<Alarm["alarm"], string>> = { no_space: "1", corrupt: "2" };
const PRESENT = Uint8Array.of(1);

export function isRaised(alarms: Alarms, alarm: AlarmType, memberId: NodeId): boolean {
  return alarms.some((each) => each.alarm === alarm && each.memberId === memberId);
}

export function isAnyRaised(alarms: Alarms, alarm: Alarm["alarm"]): boolean {
  return alarms.some((each) => each.alarm === alarm);
}

/** `none`: all of them. */
export function alarmsOf(alarms: Alarms, type: AlarmType): Alarms {
  return type === "none" ? alarms : alarms.filter((each) => each.alarm === type);
}

/** Null: there is nothing to do. */
export function raise(alarms: Alarms, alarm: Alarm): Alarms | null {
  if (isRaised(alarms, alarm.alarm, alarm.memberId)) return null;
  return [...alarms, alarm].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

export function clear(alarms: Alarms, alarm: Alarm): Alarms | null {
  if (!isRaised(alarms, alarm.alarm, alarm.memberId)) return null;
  return alarms.filter((each) => keyOf(each) !== keyOf(alarm));
}

/** What a member proposes that sees its own store full. */
export function noSpaceAlarm(origin: Origin): Command {
  return {
    kind: "alarm",
    origin,
    raised: true,
    alarm: { memberId: origin.node, alarm: "no_space" },
  };
}

/** What a leader proposes that finds this member's store harmed. */
export function corruptAlarm(origin: Origin, memberId: NodeId): Command {
  return { kind: "alarm", origin, raised: true, alarm: { memberId, alarm: "corrupt" } };
}

/** Why a command may not take place while these alarms are in force; null: it may. */
export function refusalOf(alarms: Alarms, command: Command): ApiError | null {
  if (alarms.length === 0) return null;
  switch (command.kind) {
    case "kv":
    case "lease_grant":
    case "lease_revoke": {
      if (isAnyRaised(alarms, "corrupt")) return ERRORS.Corrupt;
      const request = command.kind === "kv" ? command.request : command;
      return costOf(request) > 0 ? ERRORS.NoSpace : null;
    }
    default:
      return null;
  }
}

export function putAlarm(alarm: Alarm): KvWrite {
  return { kind: "put", table: "alarms", key: keyOf(alarm), value: PRESENT };
}

export function deleteAlarm(alarm: Alarm): KvWrite {
  return { kind: "delete", table: "alarms", key: keyOf(alarm) };
}

export function readAlarms(view: KvReader): Alarms {
  const alarms: Alarm[] = [];
  for (const [key] of view.scan("alarms", EMPTY, ABOVE_ALL)) {
    const alarm = key.startsWith(CODES.corrupt) ? "corrupt" : "no_space";
    alarms.push({ memberId: BigInt(`0x${key.slice(1)}`) as NodeId, alarm });
  }
  return alarms;
}

function keyOf({ memberId, alarm }: Alarm): Bytes {
  return (CODES[alarm] + memberId.toString(16).padStart(16, "0")) as Bytes;
}
