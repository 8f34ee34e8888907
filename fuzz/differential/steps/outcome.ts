// What a server answers, read from its bytes by one codec for both servers, in a form in which
// equal behaviour is equal text.

import { equalBytes } from "../../../core/lib/bytes.ts";
import { CODEC } from "../../../net/wire/messages/etcd-messages.ts";
import type { MessageName, ToWire, Wire } from "../../../net/wire/messages/etcd-messages.ts";
import type { RawAnswer, RawStream } from "../raw-client.ts";
import type { RawEnd } from "../raw-http2.ts";
import type { Given } from "./bindings.ts";
import { common } from "./bindings.ts";
import { show } from "./show.ts";

export type Outcome = Readonly<{
  code: number; // of gRPC
  words: string;
  /** What was said with code 0; `common` to both servers (given.ts). */
  message: Readonly<Record<string, unknown>> | null;
  /** Why its bytes are not those that we would have written; "" where they are. */
  strange: string;
}>;

/** A code that gRPC does not have. */
export const NO_ANSWER = -1;
/** In front of each message. */
const GRPC_PREFIX_BYTES = 5;

export function outcomeOf(name: MessageName, answer: RawAnswer, given: Given): Outcome {
  const { code, words, bytes } = answer;
  if (code !== 0) return { code, words, message: null, strange: "" };
  const [message, strange] = read(name, bytes);
  return { code, words, message: common(message, given, name) as Outcome["message"], strange };
}

/** The message of this number on a stream, or how the stream ended instead. */
export function endOutcome(
  name: MessageName,
  { heard, end }: RawStream,
  number: number,
  given: Given,
): Outcome {
  const bytes = heard[number];
  const open = { code: NO_ANSWER, words: "nothing yet", bytes: new Uint8Array(0) };
  return outcomeOf(
    name,
    bytes === undefined ? (end() ?? open) : { code: 0, words: "", bytes },
    given,
  );
}

/** What came of a request that no gRPC library would say. */
export function rawOutcome(name: MessageName | null, end: RawEnd, given: Given): Outcome {
  const { how, http, code, words, bytes } = end;
  if (how !== "ended" || http !== 200 || code === null) {
    const seen = `${how} http=${http} code=${code} ${words}`;
    return { code: NO_ANSWER, words: seen, message: null, strange: "" };
  }
  if (code !== 0 || name === null) return { code, words, message: null, strange: "" };
  const answer = bytes.subarray(GRPC_PREFIX_BYTES);
  return outcomeOf(name, { code, words, bytes: answer }, given);
}

/** A message, and what is strange about its bytes: etcd writes the same ones for the same data, so
 *  whatever our codec does not know, or writes in another way, is seen here. */
export function read<N extends MessageName>(
  name: N,
  bytes: Uint8Array,
): readonly [message: Wire<N> | null, strange: string] {
  const decoded = CODEC.decode(name, bytes);
  if (!decoded.ok) return [null, decoded.error];
  const again = CODEC.encode(name, decoded.value as unknown as ToWire<N>);
  const isSame = equalBytes(plain(again), plain(bytes));
  return [decoded.value, isSame ? "" : `${hex(bytes)} is ${hex(again)} by our codec`];
}

export function showOutcome({ code, words, message, strange }: Outcome): string {
  const text = code === 0 ? show(message) : `code ${code}: ${words}`;
  return strange === "" ? text : `${text}, but ${strange}`;
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
