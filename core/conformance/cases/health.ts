// gRPC's own health service.

import type { HealthRequest, HealthWatchRequest } from "../../api/request-health.ts";
import type { Case } from "./case.ts";
import { call, caseOf, hear, say, since } from "./case.ts";

const check = (service: string): HealthRequest => ({ kind: "health_check", service });
const watch = (service: string): HealthWatchRequest => ({ kind: "health_watch", service });

export const HEALTH_CASES: readonly Case[] = [
  caseOf(
    "a server that answers is healthy; of its services it says nothing",
    call(check(""), "health_check status=serving"),
    call(check("etcdserverpb.KV"), "error 5: unknown service"),
  ),
  caseOf(
    "who watches its health is told at once",
    say("w", watch("")),
    hear("w", "health_watch status=serving"),
    say("v", watch("etcdserverpb.KV")),
    hear("v", "health_watch status=service_unknown"),
  ),
  since(
    "3.7",
    caseOf(
      "all that is known of its health",
      call({ kind: "health_list" }, "health_list", "  services: status=serving"),
    ),
  ),
];
