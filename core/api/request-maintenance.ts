// The calls of the Maintenance service that change what the cluster thinks of itself, and what they
// answer.

import type { NodeId } from "../contract.ts";
import type { Header } from "./request.ts";

/** By their wire numbers. */
export const ALARM_ACTIONS = ["get", "activate", "deactivate"] as const;
export const ALARM_TYPES = ["none", "no_space", "corrupt"] as const;
export type AlarmAction = (typeof ALARM_ACTIONS)[number] | "unknown";
export type AlarmType = (typeof ALARM_TYPES)[number] | "unknown";

/** Raised by a member, and in force in the whole cluster until somebody clears it. */
export type Alarm = Readonly<{ memberId: NodeId; alarm: "no_space" | "corrupt" }>;

/** `none` asks for alarms of every type; as in etcd, a question is about all members. */
export type AlarmRequest = Readonly<{
  kind: "alarm";
  action: AlarmAction;
  memberId: NodeId;
  alarm: AlarmType;
}>;

/** Those that were asked for, or the one that was raised or cleared. */
export type AlarmResponse = Readonly<{ kind: "alarm"; header: Header; alarms: readonly Alarm[] }>;

export const DOWNGRADE_ACTIONS = ["validate", "enable", "cancel"] as const;

/** The next lower minor version, as "3.6" or "3.6.0". */
export type DowngradeRequest = Readonly<{
  kind: "downgrade";
  action: (typeof DOWNGRADE_ACTIONS)[number] | "unknown";
  version: string;
}>;

/** The version of the cluster before, as "3.7". */
export type DowngradeResponse = Readonly<{ kind: "downgrade"; header: Header; version: string }>;

/** Activates or clears an alarm that there is. Whatever else may be asked for changes nothing. */
export type AlarmChange = Readonly<{
  kind: "alarm";
  action: "activate" | "deactivate";
  memberId: NodeId;
  alarm: Alarm["alarm"];
}>;

export function isAlarmChange(request: AlarmRequest): request is AlarmChange {
  const { action, alarm } = request;
  const isAlarm = alarm === "no_space" || alarm === "corrupt";
  return isAlarm && (action === "activate" || action === "deactivate");
}
