// The conformance suite: what etcd answers to what, written once and played by `Input` on a node
// (conformance.test.ts), in bytes on simulated clusters (sim/conformance.test.ts), and through
// sockets on real processes, a real etcd among them (server/conformance.live.test.ts).
// To add a case: into the file of its topic, or into a new one with a line here.

import type { Case } from "./conformance/case.ts";
import { ALARM_CASES } from "./conformance/alarm-cases.ts";
import { AUTH_CASES } from "./conformance/auth-cases.ts";
import { COMPACTION_CASES } from "./conformance/compaction-cases.ts";
import { CONCURRENCY_CASES } from "./conformance/concurrency-cases.ts";
import { DELETE_CASES } from "./conformance/delete-cases.ts";
import { HEALTH_CASES } from "./conformance/health-cases.ts";
import { LEASE_CASES } from "./conformance/lease-cases.ts";
import { MAINTENANCE_CASES } from "./conformance/maintenance-cases.ts";
import { MEMBERSHIP_CASES } from "./conformance/membership-cases.ts";
import { PERMISSION_CASES } from "./conformance/permission-cases.ts";
import { PUT_CASES } from "./conformance/put-cases.ts";
import { RANGE_STREAM_CASES } from "./conformance/range-stream-cases.ts";
import { RANGE_CASES } from "./conformance/range-cases.ts";
import { TXN_CASES } from "./conformance/txn-cases.ts";
import { WATCH_CASES } from "./conformance/watch-cases.ts";

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
