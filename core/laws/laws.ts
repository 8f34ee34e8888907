// The laws of a driver and its ports (see the end of core/contract.ts) as cases that run on every
// driver: simulated (sim/laws.test.ts) and real (server/laws.live.test.ts). Without them a
// simulated disk might be kinder than a real one, and every green run would be about the
// simulation.
//
// A case is data: steps, and expectations that one function judges for all drivers. A runner
// performs the steps in its own way, waiting or not.

import type { Bytes, DiskOp, DiskReader, FileName, Index, KvReader, KvWrite } from "../contract.ts";
import type { Table } from "../contract.ts";
import { STORE_KEY_BYTES_MAX } from "../kv/limits.ts";
import { ABOVE_ALL, EMPTY, fromBytes, fromText, quote, toBytes } from "../lib/bytes.ts";

export type DiskStep = Readonly<
  | { kind: "perform"; ops: readonly DiskOp[] } // as one effect; do not wait for it
  | { kind: "settle" } // wait for every effect so far; each is answered once, in order
  | { kind: "restart" } // after a settle: the process ends, and another one opens the disk
  | { kind: "power_cut" } // at any time, then as a restart
  | { kind: "expect"; of: readonly DiskState[] } // one of these holds
>;
/** Files and what they contain, null: no such file. Other files may exist. */
export type DiskState = readonly Readonly<{ file: FileName; text: string | null }>[];
/** A driver that cannot cut the power skips a law that needs it. */
export type DiskLaw = Readonly<{
  name: string;
  needsPowerCut: boolean;
  steps: readonly DiskStep[];
}>;

export type KvStep = Readonly<
  | { kind: "apply"; applied: Index; writes: readonly KvWrite[] } // do not wait for it
  | { kind: "refuse"; applied: Index; writes: readonly KvWrite[] } // an assertion, and no write
  | { kind: "fail"; applied: Index; writes: readonly KvWrite[] } // then, or at its commit: the end
  | { kind: "settle" } // wait until the last batch so far is reported; reports never go back
  | { kind: "restart" } // after a settle, or a failure
  | { kind: "install"; applied: Index; writes: readonly KvWrite[] } // stage an image and install it
  | { kind: "defragment" } // do not wait for it: it is over at the next settle
  | KvExpectation
>;
export type KvExpectation = Readonly<
  | { kind: "get"; table: Table; key: Bytes; text: string | null }
  | { kind: "scan"; table: Table; from: Bytes; to: Bytes; pairs: readonly string[] } // "key=value"
  | { kind: "size"; least: number; most: number } // of the store on its disk, in bytes
>;
export type KvLaw = Readonly<{ name: string; steps: readonly KvStep[] }>;

/** Null, or what is wrong. */
export function judgeDisk(reader: DiskReader, of: readonly DiskState[]): string | null {
  const files = reader.list();
  const complaints = of.map((state) => {
    for (const { file, text } of state) {
      const found = files.includes(file) ? fromBytes(reader.read(file)) : null;
      if (found !== text) return `${file} is ${shown(found)}, not ${shown(text)}`;
    }
    return null;
  });
  return complaints.includes(null) ? null : complaints.join("; and ");
}

/** Null, or what is wrong. A scan is judged in both directions. */
export function judgeKv(reader: KvReader, expected: KvExpectation): string | null {
  if (expected.kind === "get") {
    const value = reader.get(expected.table, expected.key);
    const found = value === null ? null : fromBytes(value);
    if (found === expected.text) return null;
    return `${quote(expected.key)} is ${shown(found)}, not ${shown(expected.text)}`;
  }
  if (expected.kind === "size") {
    const size = reader.sizeBytes();
    if (size >= expected.least && size <= expected.most) return null;
    return `the store has ${size} bytes, not ${expected.least} to ${expected.most}`;
  }
  const { table, from, to, pairs } = expected;
  for (const reverse of [false, true]) {
    const found = Array.from(reader.scan(table, from, to, reverse), ([key, value]) => {
      return `${quote(key)}=${quote(fromBytes(value))}`;
    });
    const wanted = reverse ? pairs.toReversed() : pairs;
    if (found.join(" ") === wanted.join(" ")) continue;
    const scan = reverse ? "the scan downwards" : "the scan";
    return `${scan} gives ${found.join(" ")}, not ${wanted.join(" ")}`;
  }
  return null;
}

const A = "000000000000000a.wal" as FileName;
const B = "000000000000000b.wal" as FileName;
const SETTLE: DiskStep = { kind: "settle" };
const RESTART: DiskStep = { kind: "restart" };
const POWER_CUT: DiskStep = { kind: "power_cut" };
const LONG = "0123456789abcdef".repeat(20_000);

export const DISK_LAWS: readonly DiskLaw[] = [
  diskLaw("what is written can be read", [
    perform(write(A, 0, "hello"), sync(A)),
    SETTLE,
    expectFiles([A, "hello"], [B, null]),
  ]),
  diskLaw("the operations of an effect are performed in order", [
    perform(write(A, 0, "aaaa"), write(A, 1, "bb"), write(A, 4, "c"), sync(A)),
    SETTLE,
    expectFiles([A, "abbac"]),
  ]),
  diskLaw("effects are performed and answered in order, however many wait", [
    ...Array.from({ length: 26 }, (_, at) => {
      return perform(write(A, at, String.fromCharCode(0x61 + at)), sync(A));
    }),
    SETTLE,
    expectFiles([A, "abcdefghijklmnopqrstuvwxyz"]),
  ]),
  diskLaw("a later effect writes over an earlier one that still waits", [
    perform(write(A, 0, "aaaa"), sync(A)),
    perform(write(A, 2, "bbbb"), sync(A)),
    perform(write(A, 0, "c"), sync(A)),
    SETTLE,
    expectFiles([A, "cabbbb"]),
  ]),
  diskLaw("a gap is zeros", [
    perform(write(A, 0, "a"), write(A, 3, "b"), sync(A)),
    SETTLE,
    expectFiles([A, "a\0\0b"]),
  ]),
  diskLaw("a truncated file has lost its tail, and a write after it goes where it says", [
    perform(write(A, 0, "abcdef"), sync(A)),
    perform({ kind: "truncate", file: A, length: 3 }, write(A, 3, "X"), sync(A)),
    SETTLE,
    expectFiles([A, "abcX"]),
  ]),
  diskLaw("a file truncated to nothing is a file", [
    perform(write(A, 0, "abc"), sync(A), { kind: "truncate", file: A, length: 0 }, sync(A)),
    SETTLE,
    expectFiles([A, ""]),
  ]),
  diskLaw("a removed file is gone, and may come again", [
    perform(write(A, 0, "before"), sync(A)),
    perform(remove(A)),
    SETTLE,
    expectFiles([A, null]),
    perform(write(A, 0, "new"), sync(A)),
    SETTLE,
    expectFiles([A, "new"]),
  ]),
  diskLaw("files are apart, even in one effect", [
    perform(write(A, 0, "aa"), sync(A), write(B, 0, "bb"), sync(B), write(A, 2, "AA"), sync(A)),
    perform(write(B, 2, "BB"), sync(B)),
    SETTLE,
    expectFiles([A, "aaAA"], [B, "bbBB"]),
  ]),
  diskLaw("an effect that only syncs, or only removes, is answered too", [
    perform(write(A, 0, "a"), sync(A)),
    perform(sync(A)),
    perform(remove(A)),
    SETTLE,
    expectFiles([A, null]),
  ]),
  diskLaw("a long write is written whole", [
    perform(write(A, 0, LONG), sync(A)),
    perform(write(A, LONG.length, "end"), sync(A)),
    SETTLE,
    expectFiles([A, `${LONG}end`]),
  ]),
  diskLaw("what was settled is there after a restart", [
    perform(write(A, 0, "one"), sync(A)),
    perform(write(B, 0, "two"), sync(B), remove(A)),
    SETTLE,
    RESTART,
    expectFiles([A, null], [B, "two"]),
    perform(write(B, 3, "!"), sync(B)),
    SETTLE,
    expectFiles([B, "two!"]),
  ]),
  powerCutLaw("what was settled is there after a power cut", [
    perform(write(A, 0, "one"), sync(A)),
    SETTLE,
    perform(write(A, 3, "two"), sync(A)),
    POWER_CUT,
    expectFilesOf([[A, "one"]], [[A, "one\0\0\0"]], [[A, "onetwo"]]),
  ]),
  powerCutLaw("a sync ends before another file is touched", [
    perform(write(A, 0, "old"), sync(A)),
    perform(write(B, 0, "new"), sync(B)),
    POWER_CUT,
    expectFilesOf([[A, "old"]], [[B, null]]),
  ]),
  powerCutLaw("a file is removed only after the syncs before it", [
    perform(write(A, 0, "old"), sync(A)),
    SETTLE,
    perform(write(B, 0, "new"), sync(B), remove(A)),
    POWER_CUT,
    expectFilesOf([[A, "old"]], [[B, "new"]]),
  ]),
];

const STORED = { kind: "settle" } as const;
const TABLES: readonly Table[] = ["meta", "keys", "leases", "members", "alarms", "auth"];
const LONGEST_KEY = "\xff".repeat(STORE_KEY_BYTES_MAX) as Bytes;
const LARGE_BATCH = 6000; // writes: a driver may give it to somebody else, who looks at it later
const LONG_VALUE = "0123456789abcdef".repeat(256 * 1024);

export const KV_LAWS: readonly KvLaw[] = [
  kvLaw("a batch can be read once it is reported", [
    apply(1, put("keys", "a", "1"), put("keys", "b", "2")),
    STORED,
    expectGet("keys", "a", "1"),
    expectGet("keys", "b", "2"),
    expectGet("keys", "c", null),
  ]),
  kvLaw("batches and their writes are applied in order", [
    apply(1, put("keys", "a", "1"), put("keys", "a", "2"), put("keys", "b", "1")),
    apply(2, deletion("keys", "b"), put("keys", "c", "1"), deletion("keys", "c")),
    apply(3, put("keys", "b", "3")),
    STORED,
    expectScan("keys", EMPTY, ABOVE_ALL, "a=2", "b=3"),
  ]),
  kvLaw("a batch without writes is reported", [apply(1), STORED, apply(2), STORED]),
  kvLaw("the deletion of nothing is nothing", [
    apply(1, deletion("keys", "a"), put("keys", "b", "1")),
    STORED,
    expectScan("keys", EMPTY, ABOVE_ALL, "b=1"),
  ]),
  kvLaw("an empty value is a value, and an empty key a key", [
    apply(1, put("keys", "a", ""), put("meta", "", "m")),
    STORED,
    expectGet("keys", "a", ""),
    expectScan("keys", EMPTY, ABOVE_ALL, "a="),
    expectScan("meta", EMPTY, ABOVE_ALL, "=m"),
  ]),
  kvLaw("tables are apart", [
    apply(1, put("keys", "a", "k"), put("meta", "a", "m"), put("members", "b", "x")),
    apply(2, deletion("members", "a")),
    STORED,
    expectScan("keys", EMPTY, ABOVE_ALL, "a=k"),
    expectScan("meta", EMPTY, ABOVE_ALL, "a=m"),
    expectScan("members", EMPTY, ABOVE_ALL, "b=x"),
  ]),
  kvLaw("a scan is in the order of bytes, from the first bound up to the second", [
    applyAll(
      1,
      ["b", "a\xff", "a", "\xff\xff", "a\0", "\0", "ab"].map((k) => put("keys", k, ".")),
    ),
    STORED,
    expectScan(
      "keys",
      EMPTY,
      ABOVE_ALL,
      "\\x00=.",
      "a=.",
      "a\\x00=.",
      "ab=.",
      "a\\xff=.",
      "b=.",
      "\\xff\\xff=.",
    ),
    expectScan("keys", "a" as Bytes, "b" as Bytes, "a=.", "a\\x00=.", "ab=.", "a\\xff=."),
    expectScan("keys", "a\0" as Bytes, "a\xff" as Bytes, "a\\x00=.", "ab=."),
    expectScan("keys", "aa" as Bytes, "ab" as Bytes),
    expectScan("keys", "b" as Bytes, "b" as Bytes),
    expectScan("keys", "c" as Bytes, "a" as Bytes),
    expectScan("keys", "c" as Bytes, ABOVE_ALL, "\\xff\\xff=."),
  ]),
  kvLaw("the longest key is stored and found, in every table and through a restart", [
    apply(1, ...TABLES.map((table) => put(table, LONGEST_KEY, "x"))),
    STORED,
    { kind: "restart" },
    ...TABLES.map((table) => expectGet(table, LONGEST_KEY, "x")),
    ...TABLES.map((table) =>
      expectScan(table, LONGEST_KEY, (LONGEST_KEY + "\0") as Bytes, `${quote(LONGEST_KEY)}=x`),
    ),
    apply(2, ...TABLES.map((table) => deletion(table, LONGEST_KEY))),
    STORED,
    ...TABLES.map((table) => expectScan(table, EMPTY, ABOVE_ALL)),
  ]),
  kvLaw("what no store can keep is refused whole, and what comes after it is not", [
    apply(1, put("auth", "a", "1")),
    refuse(2, put("auth", "b", "2"), put("auth", LONGEST_KEY + "x", "2")),
    refuse(2, put("auth", "b", "2"), deletion("auth", LONGEST_KEY + "x")),
    refuse(2, put("auth", "b", "2"), put("auth", "\u0100", "2")),
    apply(2, put("auth", "c", "2")),
    STORED,
    expectScan("auth", EMPTY, ABOVE_ALL, "a=1", "c=2"),
  ]),
  kvLaw("a large batch that no store can keep ends the process, and leaves nothing of itself", [
    apply(1, put("keys", "a", "1"), put("keys", "b", "1")),
    STORED,
    fail(2, [...largeBatch(), deletion("keys", "a"), put("keys", LONGEST_KEY + "x", "2")]),
    { kind: "restart" },
    expectScan("keys", EMPTY, ABOVE_ALL, "a=1", "b=1"),
    applyAll(2, [...largeBatch(), deletion("keys", "a")]),
    STORED,
    expectGet("keys", "a", null),
    expectGet("keys", "c0", "2"),
    expectGet("keys", `c${LARGE_BATCH - 1}`, "2"),
  ]),
  kvLaw("a value of some megabytes is a value", [
    apply(1, put("keys", "a", LONG_VALUE), put("keys", "b", "1")),
    STORED,
    { kind: "restart" },
    expectGet("keys", "a", LONG_VALUE),
    expectGet("keys", "b", "1"),
  ]),
  kvLaw("only a defragmentation gives room back, and nothing is lost by it", [
    apply(1, put("keys", "a", LONG_VALUE), put("keys", "b", "1"), put("auth", "c", "1")),
    STORED,
    expectSize(LONG_VALUE.length, 2 * LONG_VALUE.length),
    apply(2, deletion("keys", "a")),
    STORED,
    expectSize(LONG_VALUE.length, 2 * LONG_VALUE.length),
    { kind: "defragment" },
    apply(3, put("keys", "d", "3"), deletion("keys", "b")),
    apply(4, put("keys", "e", "4")),
    STORED,
    expectSize(1, LONG_VALUE.length / 8),
    expectScan("keys", EMPTY, ABOVE_ALL, "d=3", "e=4"),
    apply(5, put("keys", "f", "5")),
    STORED,
    { kind: "restart" },
    expectSize(1, LONG_VALUE.length / 8),
    expectScan("keys", EMPTY, ABOVE_ALL, "d=3", "e=4", "f=5"),
    expectScan("auth", EMPTY, ABOVE_ALL, "c=1"),
  ]),
  kvLaw("an image that is installed during a defragmentation is the store", [
    apply(1, put("keys", "a", "old")),
    STORED,
    { kind: "defragment" },
    apply(2, put("keys", "b", "old")),
    { kind: "install", applied: 9 as Index, writes: [put("keys", "c", "new")] },
    apply(10, put("keys", "d", "new")),
    STORED,
    expectScan("keys", EMPTY, ABOVE_ALL, "c=new", "d=new"),
    { kind: "defragment" },
    STORED,
    { kind: "restart" },
    expectScan("keys", EMPTY, ABOVE_ALL, "c=new", "d=new"),
  ]),
  kvLaw("what was reported is there after a restart", [
    apply(1, put("keys", "a", "1"), put("meta", "m", "1")),
    apply(2, deletion("keys", "a"), put("keys", "b", "2")),
    STORED,
    { kind: "restart" },
    expectScan("keys", EMPTY, ABOVE_ALL, "b=2"),
    expectScan("meta", EMPTY, ABOVE_ALL, "m=1"),
    apply(3, put("keys", "c", "3")),
    STORED,
    expectScan("keys", EMPTY, ABOVE_ALL, "b=2", "c=3"),
  ]),
  kvLaw("an installed image shows itself and nothing of before, for good", [
    apply(1, put("keys", "a", "old"), put("members", "x", "old")),
    STORED,
    apply(2, put("keys", "b", "old")),
    {
      kind: "install",
      applied: 9 as Index,
      writes: [put("keys", "c", "new"), put("meta", "m", "9")],
    },
    expectScan("keys", EMPTY, ABOVE_ALL, "c=new"),
    expectScan("members", EMPTY, ABOVE_ALL),
    { kind: "restart" },
    expectScan("keys", EMPTY, ABOVE_ALL, "c=new"),
    expectGet("meta", "m", "9"),
    apply(10, put("keys", "d", "after")),
    STORED,
    expectScan("keys", EMPTY, ABOVE_ALL, "c=new", "d=after"),
  ]),
];

type Pair = readonly [file: FileName, text: string | null];

function diskLaw(name: string, steps: readonly DiskStep[]): DiskLaw {
  return { name, needsPowerCut: false, steps };
}

function powerCutLaw(name: string, steps: readonly DiskStep[]): DiskLaw {
  return { name, needsPowerCut: true, steps };
}

function perform(...ops: readonly DiskOp[]): DiskStep {
  return { kind: "perform", ops };
}

function write(file: FileName, offset: number, text: string): DiskOp {
  return { kind: "write", file, offset, bytes: toBytes(fromText(text)) };
}

function sync(file: FileName): DiskOp {
  return { kind: "sync", file };
}

function remove(file: FileName): DiskOp {
  return { kind: "remove", file };
}

function expectFiles(...pairs: readonly Pair[]): DiskStep {
  return expectFilesOf(pairs);
}

function expectFilesOf(...states: readonly (readonly Pair[])[]): DiskStep {
  const of = states.map((pairs) => pairs.map(([file, text]) => ({ file, text })));
  return { kind: "expect", of };
}

function kvLaw(name: string, steps: readonly KvStep[]): KvLaw {
  return { name, steps };
}

function apply(applied: number, ...writes: readonly KvWrite[]): KvStep {
  return applyAll(applied, writes);
}

function applyAll(applied: number, writes: readonly KvWrite[]): KvStep {
  return { kind: "apply", applied: applied as Index, writes };
}

function refuse(applied: number, ...writes: readonly KvWrite[]): KvStep {
  return { kind: "refuse", applied: applied as Index, writes };
}

function fail(applied: number, writes: readonly KvWrite[]): KvStep {
  return { kind: "fail", applied: applied as Index, writes };
}

function largeBatch(): readonly KvWrite[] {
  return Array.from({ length: LARGE_BATCH }, (_, nth) => put("keys", `c${nth}`, "2"));
}

function put(table: Table, key: string, text: string): KvWrite {
  return { kind: "put", table, key: key as Bytes, value: toBytes(fromText(text)) };
}

function deletion(table: Table, key: string): KvWrite {
  return { kind: "delete", table, key: key as Bytes };
}

function expectGet(table: Table, key: string, text: string | null): KvStep {
  return { kind: "get", table, key: key as Bytes, text };
}

function expectSize(least: number, most: number): KvStep {
  return { kind: "size", least, most };
}

function expectScan(table: Table, from: Bytes, to: Bytes, ...pairs: readonly string[]): KvStep {
  return { kind: "scan", table, from, to, pairs };
}

function shown(text: string | null): string {
  if (text === null) return "absent";
  return text.length > 60 ? `${text.length} bytes` : `"${quote(text as Bytes)}"`;
}
