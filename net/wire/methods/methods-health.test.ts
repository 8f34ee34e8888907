// The calls of gRPC's health service through their bytes and back.

import { describe, expect, it } from "vitest";
import type { Request, Response } from "../../../core/api/request.ts";
import type { ClusterId, NodeId } from "../../../core/contract.ts";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse, pathOf } from "./methods.ts";

const header = { clusterId: 0n as ClusterId, memberId: 0n as NodeId, revision: 0, raftTerm: 0 };
const REQUESTS: readonly Request[] = [
  { kind: "health_check", service: "" },
  { kind: "health_check", service: "etcdserverpb.KV" },
  { kind: "health_list" },
  { kind: "health_watch", service: "köy" },
];
const RESPONSES: readonly Response[] = [
  { kind: "health_check", header, status: "serving" },
  { kind: "health_check", header, status: "not_serving" },
  { kind: "health_list", header, services: [{ service: "", status: "serving" }] },
  { kind: "health_list", header, services: [] },
  { kind: "health_watch", header, status: "service_unknown" },
];

describe("a call about health", () => {
  it.each(REQUESTS)("$kind survives its bytes", (request) => {
    const path = pathOf(request);
    expect(decodeRequest(path, encodeRequest(request))).toEqual({ ok: true, value: request });
  });

  it.each(RESPONSES)("$kind is answered through bytes", (response) => {
    const path = pathOf(REQUESTS.find(({ kind }) => kind === response.kind) as Request);
    expect(decodeResponse(path, encodeResponse(response))).toEqual({ ok: true, value: response });
  });

  it("is answered as grpc-go does: one byte of a field, one of its value", () => {
    expect([...encodeResponse(RESPONSES[0] as Response)]).toEqual([8, 1]);
  });
});
