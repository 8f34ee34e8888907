// Alarms: wire objects ↔ the plain data of core/api.

import { ALARM_ACTIONS, ALARM_TYPES } from "../../../core/api/request-maintenance.ts";
import type { Alarm, AlarmRequest, AlarmResponse } from "../../../core/api/request-maintenance.ts";
import { headerFromWire } from "./convert-response.ts";
import type { ToWire, Wire } from "../messages/etcd-messages.ts";
import { nodeId } from "./numbers.ts";

/** A number that no enum of etcd has: how a word "unknown" is sent. */
const UNKNOWN = 127;

export function alarmFromWire(wire: Wire<"AlarmRequest">): AlarmRequest {
  return {
    kind: "alarm",
    action: ALARM_ACTIONS[wire.action] ?? "unknown",
    memberId: nodeId(wire.memberId),
    alarm: ALARM_TYPES[wire.alarm] ?? "unknown",
  };
}

export function alarmToWire({ action, memberId, alarm }: AlarmRequest): ToWire<"AlarmRequest"> {
  return {
    action: action === "unknown" ? UNKNOWN : ALARM_ACTIONS.indexOf(action),
    memberId,
    alarm: alarm === "unknown" ? UNKNOWN : ALARM_TYPES.indexOf(alarm),
  };
}

/** Null: an alarm that no etcd raises. */
export function alarmResponseFromWire(wire: Wire<"AlarmResponse">): AlarmResponse | null {
  const alarms: Alarm[] = [];
  for (const { memberId, alarm: type } of wire.alarms) {
    const alarm = ALARM_TYPES[type];
    if (alarm === undefined || alarm === "none") return null;
    alarms.push({ memberId: nodeId(memberId), alarm });
  }
  return { kind: "alarm", header: headerFromWire(wire.header), alarms };
}

export function alarmResponseToWire({ header, alarms }: AlarmResponse): ToWire<"AlarmResponse"> {
  const raised = alarms.map(({ memberId, alarm }) => {
    return { memberId, alarm: ALARM_TYPES.indexOf(alarm) };
  });
  return { header, alarms: raised };
}
