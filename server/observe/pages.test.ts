// What a learner says of itself: it serves hardly anybody, and is well.

import { expect, it } from "vitest";
import type { ApiError } from "../../core/api/errors.ts";
import { ERRORS } from "../../core/api/errors.ts";
import type { Request } from "../../core/api/request.ts";
import type { NodeId } from "../../core/contract.ts";
import type { CallSink } from "../../net/socket/call-sink.ts";
import { createPages } from "./pages.ts";
import type { PagesOptions } from "./pages.ts";
import { NO_PARTS } from "../../net/wire/methods/answer-parts.ts";

it("a learner is healthy and alive, but not ready", async () => {
  expect(await show("/health", refused)).toBe('200 {"health":"true","reason":""}');
  expect(await show("/livez", refused)).toBe("200 ok\n");
  expect(await show("/readyz", refused)).toBe(
    "503 [+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n" +
      "[-]non_learner failed: not supported for learner\n\n",
  );
});

it("a member whose reads fail is not healthy", async () => {
  expect(await show("/health", () => ERRORS.Timeout)).toBe(
    '503 {"health":"false","reason":"RANGE ERROR:etcdserver: request timed out"}\n',
  );
});

/** By a learner of a cluster with users. */
function refused(request: Request): ApiError {
  const isLocal = request.kind === "range" && request.serializable;
  return isLocal ? ERRORS.UserEmpty : ERRORS.NotSupportedForLearner;
}

async function show(path: string, refusalOf: (request: Request) => ApiError): Promise<string> {
  const state: unknown = {
    store: { alarms: [] },
    raft: { leader: 1n as NodeId, voters: [1n as NodeId] },
    config: { node: 2n as NodeId },
  };
  const open: CallSink["open"] = (request, _, reply) => {
    reply({ ok: false, error: refusalOf(request) }, NO_PARTS);
    return () => {};
  };
  const metrics = { health: { countHealth: () => {}, countCheck: () => {} } };
  const options: unknown = { state: () => state, sink: { open }, metrics, profiles: null };
  const page = await createPages(options as PagesOptions)(path, new URLSearchParams());
  return `${page?.status} ${String(page?.body)}`;
}
