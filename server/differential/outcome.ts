// What a server answers, read from its bytes by one codec for both servers, in a form in which
// equal behaviour is equal text.

import { equalBytes } from "../../core/lib/bytes.ts";
import { CODEC } from "../../net/wire/etcd-messages.ts";
import type { MessageName, ToWire, Wire } from "../../net/wire/etcd-messages.ts";
import type { RawAnswer } from "./raw-client.ts";
import { common, show } from "./show.ts";

export type Outcome = Readonly<{
  code: number; // of gRPC
  words: string;
  /** What was said with code 0; `common` to both servers (show.ts). */
  message: Readonly<Record<string, unknown>> | null;
  /** Why its bytes are not those that we would have written; "" where they are. */
  strange: string;
}>;

export function outcomeOf(
  name: MessageName,
  answer: RawAnswer,
  chosen: readonly bigint[],
): Outcome {
  const { code, words, bytes } = answer;
  if (code !== 0) return { code, words, message: null, strange: "" };
  const [message, strange] = read(name, bytes);
  return { code, words, message: common(message, chosen) as Outcome["message"], strange };
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
