// What is shown of calls: by method, and by how they ended.

import { expect, it } from "vitest";
import { findMethod } from "../../../net/wire/methods/methods.ts";
import { CallMetrics } from "./call-metrics.ts";

it("calls are counted when they begin and when they end, and messages on the way", () => {
  const put = findMethod("/etcdserverpb.KV/Put");
  const watch = findMethod("/etcdserverpb.Watch/Watch");
  if (put === null || watch === null) throw new Error("they are served");
  const calls = new CallMetrics();
  for (const code of [0, 8]) {
    calls.started(put);
    calls.opened(put, "3.7");
    calls.received(put, 10);
    if (code === 0) calls.sent(put, 5);
    calls.handled(put, code);
  }
  calls.started(watch);
  calls.opened(watch, "");
  calls.refused();
  const text = calls.metrics().map(([name, , , samples]) => {
    return Array.from(samples, ([labels, value]) => `${name}${labels} ${value}`).join("\n");
  });
  const unary = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"';
  const bidi = 'grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"';
  expect(text.join("\n").split("\n")).toEqual([
    `grpc_server_started_total{${unary}} 2`,
    `grpc_server_started_total{${bidi}} 1`,
    `grpc_server_handled_total{grpc_code="OK",${unary}} 1`,
    `grpc_server_handled_total{grpc_code="ResourceExhausted",${unary}} 1`,
    `grpc_server_msg_received_total{${unary}} 2`,
    `grpc_server_msg_received_total{${bidi}} 0`,
    `grpc_server_msg_sent_total{${unary}} 1`,
    `grpc_server_msg_sent_total{${bidi}} 0`,
    "etcd_network_client_grpc_received_bytes_total 20",
    "etcd_network_client_grpc_sent_bytes_total 5",
    'etcd_server_client_requests_total{client_api_version="3.7",type="unary"} 2',
    'etcd_server_client_requests_total{client_api_version="unknown",type="stream"} 1',
    "detcd_client_streams_refused_total 1",
  ]);
});
