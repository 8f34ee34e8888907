// A range whose answer comes in pieces.

import type { Header, KeyValue, RangeRequest } from "./request.ts";

export type RangeStreamRequest = Readonly<{ kind: "range_stream"; range: RangeRequest }>;

/** Disjoint pieces in the order of keys. Header, `more` and `count` come with the last one and are
 *  zero before; put together, all are the answer to the range. */
export type RangeStreamResponse = Readonly<{
  kind: "range_stream";
  header: Header;
  isLast: boolean;
  kvs: readonly KeyValue[];
  more: boolean;
  count: number;
}>;
