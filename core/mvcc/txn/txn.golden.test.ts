// What a client is told, request by request, as a table that a person can check against etcd's
// documents.

import { describe, expect, it } from "vitest";
import type { Bytes, ClusterId, NodeId } from "../../contract.ts";
import type { Compare, KeyValue, KvRequest, KvResponse, RequestOp } from "../../api/request.ts";
import { deleteOf, key, putOf, rangeOf, txnOf, value } from "../../api/testing.ts";
import { createMemoryKv } from "../../kv/memory-kv.ts";
import { fromBytes, quote } from "../../lib/bytes.ts";
import { range } from "../range/range.ts";
import { restoreMvcc } from "../store.ts";
import { applyKv } from "./txn.ts";

const FILL = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 };
const ALL = { rangeEnd: "\0" as Bytes };

describe("a client is told", () => {
  it("which revision each write makes, and what was there before", async () => {
    const text = transcript("One main revision for each request that changes something.", [
      putOf("a", "1"),
      putOf("a", "1", { prevKv: true }),
      putOf("a", "", { ignoreValue: true }),
      putOf("b", "2", { ignoreLease: true }),
      putOf("b", "2", { lease: 99n }),
      putOf("b", "2", { prevKv: true }),
      deleteOf("x"),
      deleteOf("a", "\0", true),
      deleteOf("a", "\0"),
      putOf("a", "3"),
      rangeOf("a"),
      rangeOf("a", { revision: 5 }),
      rangeOf("a", { revision: 6 }),
      rangeOf("a", { revision: 7 }),
      rangeOf("a", { revision: 8 }),
    ]);
    await expect(text).toMatchFileSnapshot("testdata/writes.txt");
  });

  it("what a range holds, in which order, and how much of it", async () => {
    const text = transcript("Limit and filters cut the rows; the count never hears of them.", [
      putOf("a", "z"),
      putOf("b", "y"),
      putOf("c", "v"),
      putOf("b", "w"),
      rangeOf("\0", ALL),
      rangeOf("a", { rangeEnd: "c" as Bytes }),
      rangeOf("c", { rangeEnd: "a" as Bytes }),
      rangeOf("\0", { ...ALL, limit: 2 }),
      rangeOf("\0", { ...ALL, limit: 3 }),
      rangeOf("\0", { ...ALL, countOnly: true, limit: 1 }),
      rangeOf("\0", { ...ALL, keysOnly: true, sortOrder: "descend" }),
      rangeOf("\0", { ...ALL, sortOrder: "descend", sortTarget: "mod", limit: 1 }),
      rangeOf("\0", { ...ALL, sortOrder: "ascend", sortTarget: "value", limit: 1 }),
      rangeOf("\0", { ...ALL, sortTarget: "value", limit: 1 }), // etcd cuts before it sorts
      rangeOf("\0", { ...ALL, sortTarget: "value", limit: 1, revision: 4 }),
      rangeOf("\0", { ...ALL, sortOrder: "descend", sortTarget: "version" }),
      rangeOf("\0", { ...ALL, sortOrder: "ascend", sortTarget: "create", revision: 3 }),
      rangeOf("\0", { ...ALL, minModRevision: 4, limit: 1 }),
      rangeOf("\0", { ...ALL, maxCreateRevision: 3 }),
    ]);
    await expect(text).toMatchFileSnapshot("testdata/ranges.txt");
  });

  it("what each part of a transaction did", async () => {
    const text = transcript("All writes of a transaction share a revision; reads see them.", [
      putOf("a", "1"),
      txnOf(
        [versionIs("a", 1), valueIs("a", "1")],
        [deleteOf("x"), rangeOf("\0", ALL), putOf("b", "2"), rangeOf("\0", ALL), deleteOf("a")],
      ),
      txnOf([versionIs("a", 1)], [putOf("a", "no")], [rangeOf("\0", ALL)]),
      txnOf([valueIs("a", "")], [putOf("a", "no")]), // a missing key has no value to compare
      txnOf([versionIs("a", 0)], []),
      txnOf([], [putOf("c", "3"), txnOf([versionIs("c", 0)], [putOf("d", "4"), rangeOf("c")])]),
      txnOf([], [putOf("e", "5"), rangeOf("\0", { ...ALL, revision: 5 })]), // not yet
      txnOf([], [putOf("e", "5"), rangeOf("\0", { ...ALL, revision: 2 })]),
      txnOf([], [putOf("f", "6"), putOf("g", "", { ignoreValue: true })]),
      txnOf([], [deleteOf("e", "\0"), putOf("e", "", { ignoreValue: true })]),
      txnOf([], [rangeOf("a", { revision: -1 }), rangeOf("a", { revision: -2 })]),
      // a put looks for its lease first, then for its key
      putOf("h", "", { ignoreValue: true, lease: 99n }),
      txnOf([], [putOf("h", "", { ignoreValue: true, lease: 99n })]),
      txnOf([], [rangeOf("a", { revision: 99 }), putOf("h", "7", { lease: 99n })]),
      rangeOf("\0", ALL),
    ]);
    await expect(text).toMatchFileSnapshot("testdata/transactions.txt");
  });
});

function transcript(title: string, requests: readonly KvRequest[]): string {
  const kv = createMemoryKv();
  let mvcc = restoreMvcc(kv);
  const lines = [`# ${title}`, ""];
  for (const request of requests) {
    lines.push(asked(request));
    if (request.kind === "range") {
      const found = range(mvcc, kv, request);
      const header = { ...FILL, revision: mvcc.revision };
      lines.push(
        ...answered(found.ok ? { kind: "range", header, ...found.value } : found.error.message),
      );
    } else {
      const { mvcc: next, writes, result } = applyKv(mvcc, kv, request, FILL, () => false);
      kv.perform(writes);
      mvcc = next;
      lines.push(...answered(result.ok ? result.value : result.error.message));
    }
    lines.push("");
  }
  return lines.join("\n");
}

function asked(request: RequestOp): string {
  switch (request.kind) {
    case "put": {
      const { key: at, value: bytes, lease, ...flags } = request;
      const leased = lease === 0n ? "" : ` lease=${lease}`;
      return `put ${quote(at)}=${shown(bytes)}${leased}${options(flags)}`;
    }
    case "range":
    case "delete_range": {
      const { key: from, rangeEnd, ...flags } = request;
      const end = rangeEnd === "" ? "" : `..${quote(rangeEnd)}`;
      const verb = request.kind === "range" ? "range" : "delete";
      return `${verb} ${quote(from)}${end}${options(flags)}`;
    }
    case "txn": {
      const { compare, success, failure } = request;
      const list = (branch: readonly RequestOp[]): string => branch.map(asked).join("; ");
      const when = compare.length > 0 ? ` if ${compare.map(condition).join(" and ")}` : "";
      const otherwise = failure.length > 0 ? ` else { ${list(failure)} }` : "";
      return `txn${when} { ${list(success)} }${otherwise}`;
    }
    case "empty":
      return "(empty)";
  }
}

function answered(answer: KvResponse | string): readonly string[] {
  if (typeof answer === "string") return [`  error: ${answer}`];
  const head = `  revision ${answer.header.revision}`;
  switch (answer.kind) {
    case "put":
      return [head, ...(answer.prevKv === null ? [] : ["  before:", row(answer.prevKv)])];
    case "delete_range":
      return [`${head}, deleted ${answer.deleted}`, ...answer.prevKvs.map(row)];
    case "range": {
      const more = answer.more ? ", and more" : "";
      return [`${head}, ${answer.kvs.length} of ${answer.count}${more}`, ...answer.kvs.map(row)];
    }
    case "txn": {
      const inner = answer.responses.flatMap((response) => [
        `  ${response.kind}`,
        ...answered(response),
      ]);
      return [
        `${head}, ${answer.succeeded ? "then" : "else"}`,
        ...inner.map((line) => `  ${line}`),
      ];
    }
  }
}

function row(kv: KeyValue): string {
  const { createRevision, modRevision, version } = kv;
  const numbers = `create ${createRevision}  mod ${modRevision}  version ${version}`;
  return `    ${quote(kv.key).padEnd(3)}${numbers}  ${shown(kv.value)}`;
}

function options(request: Readonly<Record<string, unknown>>): string {
  const set = Object.entries(request).filter(
    ([name, option]) => name !== "kind" && Boolean(option) && option !== "none" && option !== "key",
  );
  return set
    .map(([name, option]) => (option === true ? ` ${name}` : ` ${name}=${String(option)}`))
    .join("");
}

function condition({ key: at, target, result }: Compare): string {
  const operand = target.kind === "invalid" ? "?" : target.operand;
  const right = operand instanceof Uint8Array ? shown(operand) : String(operand);
  return `${target.kind} of ${quote(at)} ${result} ${right}`;
}

function shown(bytes: Uint8Array): string {
  return `"${quote(fromBytes(bytes))}"`;
}

function versionIs(at: string, operand: number): Compare {
  const target = { kind: "version", operand } as const;
  return { key: key(at), rangeEnd: "" as Bytes, result: "equal", target };
}

function valueIs(at: string, text: string): Compare {
  const target = { kind: "value", operand: value(text) } as const;
  return { key: key(at), rangeEnd: "" as Bytes, result: "equal", target };
}
