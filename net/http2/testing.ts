// For tests: a client made by hand, that can break any rule, and reads what it is answered.

import { fromText, toBytes } from "../../core/lib/bytes.ts";
import type { Bytes } from "../../core/contract.ts";
import type { Http2Options } from "./connection.ts";
import { FLAG, FRAME, FRAME_HEAD_BYTES, PREFACE, uint32 } from "./frames.ts";
import { createField } from "./hpack/header-field.ts";
import type { Field } from "./hpack/header-field.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { OutgoingFields } from "./hpack/encoder.ts";
import { STREAMS_UNLIMITED } from "./settings.ts";

/** etcd's own. */
export const OPTIONS: Http2Options = { leastPingMs: 5000, streamsMax: STREAMS_UNLIMITED };

export type Pair = readonly [name: string, value: string];

/** A frame in the words of a test: what it carries depends on its type. */
export type Said = Readonly<{
  type: string;
  flags: number;
  stream: number;
  bytes: Uint8Array;
  fields: readonly Pair[]; // of headers
  number: number; // a window's increment, the code of a reset or a goodbye
}>;

export const REQUEST: readonly Pair[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/etcdserverpb.KV/Put"],
  [":authority", "passthrough:///http://127.0.0.1:2379"],
  ["content-type", "application/grpc"],
  ["te", "trailers"],
];

const NAMES = new Map(Object.entries(FRAME).map(([name, type]) => [type as number, name]));

/** Makes frames, with the header table of one connection. */
export class MadeClient {
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder(1 << 20);
  #unread = new Uint8Array(0);

  /** The preface and its settings. */
  hello(...settings: readonly (readonly [id: number, value: number])[]): Uint8Array {
    return concat(toBytes(fromText(PREFACE)), this.settings(...settings));
  }

  settings(...settings: readonly (readonly [id: number, value: number])[]): Uint8Array {
    const body = settings.flatMap(([id, value]) => [id >>> 8, id & 0xff, ...words(value)]);
    return frame(FRAME.SETTINGS, 0, 0, Uint8Array.from(body));
  }

  block(fields: readonly Pair[] = REQUEST): Uint8Array {
    return this.#encoder.encode(outgoing(fields));
  }

  headers(stream: number, fields: readonly Pair[] = REQUEST, ended = false): Uint8Array {
    const flags = FLAG.END_HEADERS | (ended ? FLAG.END_STREAM : 0);
    return frame(FRAME.HEADERS, flags, stream, this.block(fields));
  }

  data(stream: number, bytes: Uint8Array, ended = false): Uint8Array {
    return frame(FRAME.DATA, ended ? FLAG.END_STREAM : 0, stream, bytes);
  }

  reset(stream: number): Uint8Array {
    return frame(FRAME.RST_STREAM, 0, stream, Uint8Array.from(words(8)));
  }

  widen(stream: number, increment: number): Uint8Array {
    return frame(FRAME.WINDOW_UPDATE, 0, stream, Uint8Array.from(words(increment)));
  }

  ping(): Uint8Array {
    return frame(FRAME.PING, 0, 0, new Uint8Array(8).fill(7));
  }

  /** The frames of what the server wrote, as far as they are complete. */
  read(runs: readonly Uint8Array[]): Said[] {
    this.#unread = joined([this.#unread, ...runs]);
    const said: Said[] = [];
    while (this.#unread.length >= FRAME_HEAD_BYTES) {
      const bytes = this.#unread;
      const end = FRAME_HEAD_BYTES + (uint32(bytes, 0) >>> 8);
      if (bytes.length < end) break;
      said.push(this.#readFrame(bytes.slice(0, end)));
      this.#unread = bytes.slice(end);
    }
    return said;
  }

  #readFrame(bytes: Uint8Array): Said {
    const type = NAMES.get(bytes[3] as number) ?? "?";
    const flags = bytes[4] as number;
    const body = bytes.slice(FRAME_HEAD_BYTES);
    let fields: readonly Pair[] = [];
    if (type === "HEADERS") {
      const decoded = this.#decoder.decode(body, 0, body.length);
      fields = typeof decoded === "string" ? [] : pairsOf(decoded);
    }
    const numberAt = type === "GOAWAY" ? 4 : 0;
    const number = /GOAWAY|RST|WINDOW/.test(type) ? uint32(body, numberAt) : 0;
    return { type, flags, stream: uint32(bytes, 5), bytes: body, fields, number };
  }
}

export function frame(type: number, flags: number, stream: number, body: Uint8Array): Uint8Array {
  const { length } = body;
  const head = [length >>> 16, (length >>> 8) & 0xff, length & 0xff, type, flags, ...words(stream)];
  return concat(Uint8Array.from(head), body);
}

/** A message with gRPC's prefix. */
export function message(bytes: Uint8Array, flag = 0): Uint8Array {
  return concat(Uint8Array.from([flag, ...words(bytes.length)]), bytes);
}

export function outgoing(fields: readonly Pair[], repeats = true): OutgoingFields {
  return fields.map(([name, value]) => ({ ...createField(name, value), repeats }));
}

export function pairsOf(fields: readonly Field[]): Pair[] {
  return fields.map(({ name, value }) => [name, value]);
}

export function concat(...all: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return joined(all);
}

function joined(all: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(all.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of all) {
    bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}

/** "DATA 1 5 END": a frame in one line. */
export function lineOf({ type, flags, stream, bytes, fields, number }: Said): string {
  const end = (type === "DATA" || type === "HEADERS") && (flags & FLAG.END_STREAM) !== 0;
  const ack = (type === "SETTINGS" || type === "PING") && (flags & FLAG.ACK) !== 0;
  const detail =
    type === "HEADERS"
      ? fields.map(([name, value]) => `${name}=${value}`).join(" ")
      : /GOAWAY|RST|WINDOW/.test(type)
        ? String(number)
        : type === "DATA"
          ? String(bytes.length)
          : "";
  return [type, stream, detail, end ? "END" : "", ack ? "ACK" : ""]
    .filter((x) => x !== "")
    .join(" ");
}

/** The bytes of hexadecimal text, in which spaces mean nothing. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s/g, "");
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function bytesOf(text: string): Uint8Array {
  return toBytes(text as Bytes);
}

function words(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
