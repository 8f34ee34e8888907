import { expect, it } from "vitest";
import { putOf } from "../../core/api/testing.ts";
import { ERRORS } from "../../core/api/errors.ts";
import type { Caller, CallSink } from "../../net/socket/call-sink.ts";
import type { LogFields } from "./log.ts";
import { tellSlow } from "./slow-calls.ts";

const CALLER: Caller = {
  timeoutMs: null,
  token: "",
  commonName: "",
  requireLeader: false,
  connection: 1,
};

const SINK: CallSink = {
  open: (_request, _caller, reply) => {
    reply({ ok: false, error: ERRORS.Stopped }, []);
    return () => undefined;
  },
  openStream: () => expect.fail("no streams here"),
};

function linesOf(longestMs: number): readonly (readonly [string, LogFields | undefined])[] {
  const lines: [string, LogFields | undefined][] = [];
  const sink = tellSlow(SINK, longestMs, (_level, message, fields) => {
    lines.push([message, fields]);
  });
  sink.open(putOf("a", "123"), CALLER, () => undefined);
  sink.open({ kind: "status" }, CALLER, () => undefined);
  return lines;
}

it("calls that take longer than they may are told, without their values", () => {
  const [put, status] = linesOf(0);
  expect(put?.[0]).toBe("request stats");
  expect(put?.[1]).toMatchObject({
    "response type": "/etcdserverpb.KV/Put",
    "request count": 1,
    "request size": 8,
    "request content": 'key:"a" value_size:3 ',
  });
  expect(status?.[1]).toMatchObject({ "request size": -1, "request content": "" });
});

it("calls that do not are not", () => {
  expect(linesOf(60_000)).toEqual([]);
});
