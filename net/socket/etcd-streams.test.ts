// A client that opens a stream, says nothing, and says that this was all.

import { describe, expect, it } from "vitest";
import { ERRORS } from "../../core/api/errors.ts";
import type { GrpcCall } from "../http2/grpc.ts";
import type { CallSink } from "./call-sink.ts";
import { createStreamService } from "./etcd-streams.ts";
import type { GrpcSocket } from "./http2-socket.ts";

describe("a stream on which nothing is said", () => {
  it("goes on where it is one of watches, though none will ever be created", () => {
    const heard = halfClose("/etcdserverpb.Watch/Watch");
    expect(heard).toEqual(["opened: nothing", "closed"]);
  });

  it("ends well where it is one of keep-alives", () => {
    expect(halfClose("/etcdserverpb.Lease/LeaseKeepAlive")).toEqual([null]);
  });

  it("is refused where it should have been asked for something", () => {
    expect(halfClose("/etcdserverpb.Maintenance/Snapshot")).toEqual([ERRORS.NoMessage]);
    expect(halfClose("/v3electionpb.Election/Observe")).toEqual([ERRORS.NoMessage]);
  });
});

/** What becomes of it. */
function halfClose(path: string): readonly unknown[] {
  const heard: unknown[] = [];
  const sink: Pick<CallSink, "openStream"> = {
    openStream: (request) => {
      heard.push(`opened: ${request.kind === "watch" ? request.ask.kind : request.kind}`);
      const [say, credit, cancel] = [() => {}, () => {}, () => {}];
      return { say, credit, cancel, close: () => heard.push("closed") };
    },
  };
  const client: Pick<GrpcSocket, "awaits" | "finish"> = {
    awaits: () => true,
    finish: (_, error) => heard.push(error),
  };
  const take = createStreamService(sink as CallSink);
  const call = { path, onCancel: null } as GrpcCall;
  take({ kind: "end", call }, client as GrpcSocket);
  return heard;
}
