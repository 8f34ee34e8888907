// The calls of locks and elections through their bytes and back.

import { describe, expect, it } from "vitest";
import type { Request, Response } from "../../../core/api/request.ts";
import type { Bytes, ClusterId, LeaseId, NodeId } from "../../../core/contract.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  findMethod,
  pathOf,
} from "./methods.ts";

const NAME = "\0\xffn" as Bytes;
const VALUE = new Uint8Array([0, 255]);
const HEADER = { clusterId: 1n as ClusterId, memberId: 2n as NodeId, revision: 3, raftTerm: 4 };
const LEADER = { name: NAME, key: "n/-5" as Bytes, revision: 7, lease: -5n as LeaseId };
const KV = {
  key: "n/-5" as Bytes,
  createRevision: 7,
  modRevision: 8,
  version: 2,
  value: VALUE,
  lease: -5n,
};

const REQUESTS: readonly Request[] = [
  { kind: "lock", name: NAME, lease: -5n as LeaseId },
  { kind: "unlock", key: NAME },
  { kind: "campaign", name: NAME, lease: 5n as LeaseId, value: VALUE },
  { kind: "proclaim", leader: LEADER, value: VALUE },
  { kind: "proclaim", leader: null, value: VALUE },
  { kind: "leader", name: NAME },
  { kind: "resign", leader: LEADER },
  { kind: "resign", leader: null },
  { kind: "observe", name: NAME },
];

const RESPONSES: readonly Response[] = [
  { kind: "lock", header: HEADER, key: NAME },
  { kind: "unlock", header: HEADER },
  { kind: "campaign", header: HEADER, leader: LEADER },
  { kind: "proclaim", header: HEADER },
  { kind: "leader", header: HEADER, kv: KV },
  { kind: "resign", header: HEADER },
  { kind: "observe", header: HEADER, kv: KV },
];

describe("a call of locks and elections", () => {
  it.each(REQUESTS)("$kind survives its bytes", (request) => {
    const path = pathOf(request);
    const stream = request.kind === "observe" ? "server" : "none";
    expect(findMethod(path)).toMatchObject({ path, kind: request.kind, stream });
    expect(decodeRequest(path, encodeRequest(request))).toEqual({ ok: true, value: request });
  });

  it.each(RESPONSES)("$kind is answered through bytes", (response) => {
    const path = pathOf(REQUESTS.find(({ kind }) => kind === response.kind) as Request);
    expect(decodeResponse(path, encodeResponse(response))).toEqual({ ok: true, value: response });
  });

  it("without what its answer is about is not readable", () => {
    const nothing = new Uint8Array(0);
    for (const kind of ["campaign", "leader", "observe"]) {
      const path = pathOf(REQUESTS.find((request) => request.kind === kind) as Request);
      expect(decodeResponse(path, nothing)).toMatchObject({
        ok: false,
        error: { definite: false },
      });
    }
  });
});
