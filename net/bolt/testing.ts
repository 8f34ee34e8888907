// Whole files in memory, for tests.

import type { Bytes } from "../../core/contract.ts";
import { bucketsIn, type Bolt, type Source, startReading } from "./reader.ts";
import { type Bucket, measureBolt, writeBolt } from "./writer.ts";

export type Content = readonly (readonly [
  bucket: Bytes,
  pairs: readonly (readonly [key: Bytes, value: Uint8Array])[],
])[];

export function boltOf(content: Content): Uint8Array {
  return fileOf(content.map(([name, pairs]) => ({ name, pairs: () => pairs })));
}

export function fileOf(buckets: readonly Bucket[]): Uint8Array {
  const measuring = measureBolt(buckets);
  let measured = measuring.next();
  while (measured.done !== true) measured = measuring.next();
  const file = new Uint8Array(measured.value.bytes);
  let at = 0;
  for (const page of writeBolt(buckets, measured.value)) {
    file.set(page, at);
    at += page.length;
  }
  return file;
}

export function sourceOf(file: Uint8Array): Source {
  return { sizeBytes: file.length, read: (at, length) => file.subarray(at, at + length) };
}

/** What a file holds, and why it could not be read on. */
export function contentOf(bolt: Bolt): readonly [Content, string | null] {
  const reading = startReading(bolt);
  const content: Content = Array.from(bucketsIn(reading), ({ name, pairs }) => {
    return [name, Array.from(pairs, ([key, value]) => [key, value.slice()] as const)];
  });
  return [content, reading.trouble];
}
