import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes, Index, KvReader, KvWrite, Table } from "../contract.ts";
import { ABOVE_ALL, EMPTY } from "../lib/bytes.ts";
import { createMemoryKv } from "./memory-kv.ts";
import {
  confirm,
  createOverlay,
  hasConfirmed,
  overlaid,
  type Overlay,
  pushWrites,
} from "./overlay.ts";

const SEED = 20260902;
const TABLES: readonly Table[] = ["meta", "keys", "leases", "members", "alarms", "auth"];

const table = fc.constantFrom(...TABLES);
const key = fc.string({
  unit: fc.constantFrom("a", "b", "\xff"),
  maxLength: 2,
}) as fc.Arbitrary<Bytes>;
const value = fc.uint8Array({ maxLength: 2 });
const write: fc.Arbitrary<KvWrite> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), table, key, value }),
  fc.record({ kind: fc.constant("delete" as const), table, key }),
);
const event = fc.oneof(
  fc.record({ kind: fc.constant("issue" as const), writes: fc.array(write, { maxLength: 6 }) }),
  fc.record({ kind: fc.constant("more" as const), writes: fc.array(write, { maxLength: 2 }) }),
  fc.record({ kind: fc.constant("land" as const) }),
  fc.record({ kind: fc.constant("confirm" as const), rows: fc.constantFrom(1, 2, 5, Infinity) }),
);

describe("an overlay", () => {
  it("gives one answer, whatever has landed between the last confirmed and the last issued", () => {
    const property = fc.property(
      fc.array(event, { maxLength: 60 }),
      key,
      key,
      (events, from, to) => {
        const [reader, model] = [createMemoryKv(), createMemoryKv()];
        let overlay = createOverlay();
        let issued: (readonly KvWrite[])[] = [];
        let landed = 0; // batches that the reader shows; it may be anything up to what is issued
        let confirmed = 0;
        for (const happened of events) {
          switch (happened.kind) {
            case "issue":
              issued = [...issued, happened.writes];
              overlay = pushWrites(overlay, issued.length as Index, happened.writes);
              model.perform(happened.writes);
              break;
            case "more": {
              const newest = issued.at(-1);
              if (newest === undefined || landed === issued.length) break;
              issued = [...issued.slice(0, -1), [...newest, ...happened.writes]];
              overlay = pushWrites(overlay, issued.length as Index, happened.writes);
              model.perform(happened.writes);
              break;
            }
            case "land":
              reader.perform(issued[landed] ?? []);
              landed = Math.min(landed + 1, issued.length);
              break;
            case "confirm":
              overlay = confirm(overlay, landed as Index, happened.rows);
              confirmed = landed;
              break;
          }
          expect(answers(overlaid(overlay, reader), from, to)).toEqual(answers(model, from, to));
          const least = distinctKeys(issued.slice(confirmed).flat());
          if (!hasConfirmed(overlay)) expect(sizeOf(overlay)).toBe(least);
          else expect(sizeOf(overlay)).toBeGreaterThanOrEqual(least);
        }
        while (landed < issued.length) reader.perform(issued[landed++] ?? []);
        expect(answers(overlaid(overlay, reader), from, to)).toEqual(answers(model, from, to));
        expect(confirm(overlay, landed as Index, 1)).toEqual(createOverlay());
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  it("drops what is durable in pieces, and all of it in the end", () => {
    const rows = Array.from({ length: 10 }, (_, at): KvWrite => {
      return { kind: "put", table: "keys", key: `${at}` as Bytes, value: new Uint8Array(1) };
    });
    let overlay = pushWrites(createOverlay(), 1 as Index, rows.slice(0, 5));
    overlay = pushWrites(overlay, 1 as Index, rows.slice(5));
    overlay = pushWrites(overlay, 2 as Index, rows.slice(0, 1));
    overlay = confirm(overlay, 1 as Index, 5);
    expect([sizeOf(overlay), hasConfirmed(overlay)]).toEqual([6, true]);
    overlay = confirm(overlay, 1 as Index, 1);
    expect([sizeOf(overlay), hasConfirmed(overlay)]).toEqual([1, false]);
    expect(confirm(overlay, 2 as Index, 1)).toEqual(createOverlay());
  });

  it("closes the reader's cursor when a caller stops early", () => {
    let open = 0;
    const reader: KvReader = {
      ...createMemoryKv(),
      *scan() {
        open++;
        try {
          yield ["a" as Bytes, new Uint8Array(0)];
          yield ["c" as Bytes, new Uint8Array(0)];
        } finally {
          open--;
        }
      },
    };
    const put = {
      kind: "put",
      table: "keys",
      key: "b" as Bytes,
      value: new Uint8Array(0),
    } as const;
    const view = overlaid(pushWrites(createOverlay(), 1 as Index, [put]), reader);
    for (const [found] of view.scan("keys", EMPTY, ABOVE_ALL)) if (found === "b") break;
    expect(open).toBe(0);
  });

  it("refuses writes of an entry before the last one", () => {
    const put = {
      kind: "put",
      table: "keys",
      key: "b" as Bytes,
      value: new Uint8Array(0),
    } as const;
    const overlay = pushWrites(createOverlay(), 2 as Index, [put]);
    expect(() => pushWrites(overlay, 1 as Index, [put])).toThrow("entry 1 after those of entry 2");
  });
});

function sizeOf(overlay: Overlay): number {
  return TABLES.reduce((sum, each) => sum + overlay.tables[each].size, 0);
}

function distinctKeys(writes: readonly KvWrite[]): number {
  return new Set(writes.map((each) => `${each.table} ${each.key}`)).size;
}

function answers(view: KvReader, from: Bytes, to: Bytes): unknown {
  return TABLES.map((each) => ({
    up: [...view.scan(each, EMPTY, ABOVE_ALL)],
    down: [...view.scan(each, EMPTY, ABOVE_ALL, true)],
    between: [...view.scan(each, from, to)],
    back: [...view.scan(each, from, to, true)],
    got: view.get(each, from),
  }));
}
