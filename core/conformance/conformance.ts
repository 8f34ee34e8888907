// The conformance suite: what etcd answers to what, written once and played by `Input` on a node
// (conformance.test.ts), in bytes on simulated clusters (sim/conformance.test.ts), and through
// sockets on real processes, a real etcd among them (server/live/conformance.live.test.ts).
// To add a case: into the file of its topic, or into a new one with a line here.

import type { Case } from "./cases/case.ts";
import { ALARM_CASES } from "./cases/alarm.ts";
import { AUTH_CASES } from "./cases/auth.ts";
import { COMPACTION_CASES } from "./cases/compaction.ts";
import { CONCURRENCY_CASES } from "./cases/concurrency.ts";
import { DELETE_CASES } from "./cases/delete.ts";
import { HEALTH_CASES } from "./cases/health.ts";
import { LEASE_CASES } from "./cases/lease.ts";
import { MAINTENANCE_CASES } from "./cases/maintenance.ts";
import { MEMBERSHIP_CASES } from "./cases/membership.ts";
import { PERMISSION_CASES } from "./cases/permission.ts";
import { PUT_CASES } from "./cases/put.ts";
import { RANGE_STREAM_CASES } from "./cases/range-stream.ts";
import { RANGE_CASES } from "./cases/range.ts";
import { TXN_CASES } from "./cases/txn.ts";
import { WATCH_CASES } from "./cases/watch.ts";

export const CASES: readonly Case[] = [
  ...PUT_CASES,
  ...RANGE_CASES,
  ...DELETE_CASES,
  ...TXN_CASES,
  ...COMPACTION_CASES,
  ...WATCH_CASES,
  ...LEASE_CASES,
  ...MAINTENANCE_CASES,
  ...MEMBERSHIP_CASES,
  ...ALARM_CASES,
  ...CONCURRENCY_CASES,
  ...RANGE_STREAM_CASES,
  ...HEALTH_CASES,
  ...AUTH_CASES,
  ...PERMISSION_CASES,
];
