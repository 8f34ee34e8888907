// The methods of the KV service.

import { createRow } from "./method-row.ts";
import type { Rows } from "./method-row.ts";
import {
  compactFromWire,
  deleteRangeFromWire,
  putFromWire,
  rangeFromWire,
  rangeToWire,
  txnFromWire,
  txnToWire,
} from "../convert/convert-request.ts";
import {
  deleteRangeResponseFromWire,
  headerOnlyFromWire,
  putResponseFromWire,
  rangeResponseFromWire,
  rangeStreamResponseFromWire,
  rangeStreamResponseToWire,
  txnResponseFromWire,
  txnResponseToWire,
} from "../convert/convert-response.ts";

export const KV_METHODS: Rows<
  "range" | "range_stream" | "put" | "delete_range" | "txn" | "compact"
> = {
  range: createRow({
    path: "/etcdserverpb.KV/Range",
    http: ["/v3/kv/range"],
    kind: "range",
    request: "RangeRequest",
    response: "RangeResponse",
    fromRequest: rangeToWire,
    toRequest: rangeFromWire,
    fromResponse: (response) => response,
    toResponse: rangeResponseFromWire,
  }),
  range_stream: createRow({
    path: "/etcdserverpb.KV/RangeStream",
    kind: "range_stream",
    stream: "server",
    request: "RangeRequest",
    response: "RangeStreamResponse",
    fromRequest: ({ range }) => rangeToWire(range),
    toRequest: (wire) => ({ kind: "range_stream", range: rangeFromWire(wire) }),
    fromResponse: rangeStreamResponseToWire,
    toResponse: rangeStreamResponseFromWire,
  }),
  put: createRow({
    path: "/etcdserverpb.KV/Put",
    http: ["/v3/kv/put"],
    kind: "put",
    request: "PutRequest",
    response: "PutResponse",
    fromRequest: (request) => request,
    toRequest: putFromWire,
    fromResponse: (response) => response,
    toResponse: putResponseFromWire,
  }),
  delete_range: createRow({
    path: "/etcdserverpb.KV/DeleteRange",
    http: ["/v3/kv/deleterange"],
    kind: "delete_range",
    request: "DeleteRangeRequest",
    response: "DeleteRangeResponse",
    fromRequest: (request) => request,
    toRequest: deleteRangeFromWire,
    fromResponse: (response) => response,
    toResponse: deleteRangeResponseFromWire,
  }),
  txn: createRow({
    path: "/etcdserverpb.KV/Txn",
    http: ["/v3/kv/txn"],
    kind: "txn",
    request: "TxnRequest",
    response: "TxnResponse",
    fromRequest: txnToWire,
    toRequest: txnFromWire,
    fromResponse: txnResponseToWire,
    toResponse: txnResponseFromWire,
  }),
  compact: createRow({
    path: "/etcdserverpb.KV/Compact",
    http: ["/v3/kv/compaction"],
    kind: "compact",
    request: "CompactionRequest",
    response: "CompactionResponse",
    fromRequest: (request) => request,
    toRequest: compactFromWire,
    fromResponse: (response) => response,
    toResponse: (wire) => headerOnlyFromWire("compact", wire),
  }),
};
