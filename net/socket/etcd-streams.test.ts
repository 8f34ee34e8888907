// A client that opens a stream, says nothing, and says that this was all.

import { describe, expect, it } from "vitest";
import { ERRORS } from "../../core/api/errors.ts";
import type { GrpcCall } from "../http2/grpc.ts";
import type { CallSink, StreamEnd } from "./call-sink.ts";
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

  it("hears that there is no leader, if it wants one, until something is said", () => {
    for (const path of ["/etcdserverpb.Watch/Watch", "/etcdserverpb.Lease/LeaseKeepAlive"]) {
      const lost = open(path);
      expect(lost.heard).toEqual(["opened: nothing"]);
      lost.end?.(ERRORS.NoLeader);
      expect(lost.heard).toEqual(["opened: nothing", ERRORS.NoLeader]);
    }
    expect(open("/etcdserverpb.Maintenance/Snapshot").heard).toEqual([]);
    const watch = open("/etcdserverpb.Watch/Watch");
    watch.take({ kind: "message", call: watch.call, message: new Uint8Array(0) }, watch.client);
    expect(watch.heard).toEqual(["opened: nothing", "cancelled", "opened: nothing"]);
  });
});

/** What becomes of it. */
function halfClose(path: string): readonly unknown[] {
  const { take, call, client, heard } = stage(path);
  take({ kind: "end", call }, client);
  return heard;
}

function open(path: string): Stage {
  const staged = stage(path);
  staged.take({ kind: "open", call: staged.call }, staged.client);
  return staged;
}

type Stage = {
  readonly heard: unknown[]; // by the server, and errors by the client
  readonly take: ReturnType<typeof createStreamService>;
  readonly call: GrpcCall;
  readonly client: GrpcSocket;
  end: StreamEnd["end"] | null; // of the stream that was opened last
};

function stage(path: string): Stage {
  const heard: unknown[] = [];
  const sink: Pick<CallSink, "openStream"> = {
    openStream: (request, _, { end }) => {
      staged.end = end;
      heard.push(`opened: ${request.kind === "watch" ? request.ask.kind : request.kind}`);
      const [close, cancel] = [() => heard.push("closed"), () => heard.push("cancelled")];
      return { say: () => {}, credit: () => {}, close, cancel };
    },
  };
  const client: Pick<GrpcSocket, "awaits" | "finish"> = {
    awaits: () => true,
    finish: (_, error) => heard.push(error),
  };
  const staged: Stage = {
    heard,
    take: createStreamService(sink as CallSink),
    call: { path, onCancel: null } as GrpcCall,
    client: client as GrpcSocket,
    end: null,
  };
  return staged;
}
