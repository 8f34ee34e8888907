// Every promise about locks and elections, kept and broken.

import { describe, expect, it } from "vitest";
import type { Header, KvRequest, Request, Response } from "../../core/api/request.ts";
import type { Bytes, LeaseId } from "../../core/contract.ts";
import type { Operation } from "../history.ts";
import { firstBrokenLock } from "./locks.ts";
import { put as putOf } from "../testing.ts";

const LEASE = 1n as LeaseId;
const VALUE = new Uint8Array(0);

type Said = readonly [at: number, input: Request, output: Response];

/** l/a from revision 2 to 5, l/b from 3 on, l/c from 4 to 6. */
const LIVES: readonly Said[] = [
  put(1, "l/a", 2),
  put(2, "l/b", 3),
  put(3, "l/c", 4),
  gone(5, "l/a", 5),
  gone(6, "l/c", 6),
];

describe("a lock", () => {
  it("is held by the oldest key", () => {
    expect(broken(lock(2, "l/a", 2), lock(7, "l/b", 6), leader(7, "l/b", 5))).toBeNull();
    expect(broken(put(8, "other/z", 9), lock(9, "other/z", 9))).toBeNull();
  });

  it("is held by one at a time", () => {
    expect(broken(lock(7, "l/b", 4))).toMatch(/l\/b at 4, when l\/a of 2 was there yet/);
    expect(broken(leader(7, "l/b", 4))).toMatch(/a leader, was told of l\/b at 4/);
  });

  it("needs a key that is there", () => {
    expect(broken(lock(7, "l/c", 6))).toMatch(/l\/c at 6, when there was no such key/);
    expect(broken(lock(1, "l/a", 1))).toMatch(/l\/a at 1, when there was no such key/);
  });
});

describe("a lead", () => {
  it("begins when those before it have ended", () => {
    expect(broken(campaign(2, "l/a", 2), campaign(6, "l/b", 3))).toBeNull();
    expect(broken(campaign(4, "l/b", 3))).toMatch(/by l\/b of 3 before l\/a of 2 ended/);
  });

  it("never begins where the key ended before", () => {
    expect(broken(campaign(9, "l/c", 4))).toMatch(/by l\/c of 4 before l\/b of 3 ended/);
    expect(broken(campaign(9, "l/b", 9))).toMatch(/l\/b of 9, which never was/);
  });
});

function broken(...said: readonly Said[]): string | null {
  const all = [...LIVES, ...said];
  return firstBrokenLock(
    all.map(([at, input, output], id): Operation => {
      return { id, client: 0, input, call: at, return: at, outcome: { kind: "ok", output } };
    }),
  );
}

function put(at: number, key: string, revision: number): Said {
  const input: KvRequest = { ...putOf(key, "", { lease: LEASE }), value: VALUE };
  const txn = { kind: "txn", compare: [], success: [input], failure: [] } as const;
  const header = headerOf(revision);
  const response = { kind: "put", header, prevKv: null } as const;
  return [at, txn, { kind: "txn", header, succeeded: true, responses: [response] }];
}

function gone(at: number, key: string, revision: number): Said {
  const input = { kind: "delete_range", key: key as Bytes, rangeEnd: "" as Bytes } as const;
  const output = { kind: "delete_range", header: headerOf(revision), deleted: 1 } as const;
  return [at, { ...input, prevKv: false }, { ...output, prevKvs: [] }];
}

function lock(at: number, key: string, revision: number): Said {
  const name = key.slice(0, key.indexOf("/")) as Bytes;
  const output = { kind: "lock", header: headerOf(revision), key: key as Bytes } as const;
  return [at, { kind: "lock", name, lease: LEASE }, output];
}

function campaign(at: number, key: string, revision: number): Said {
  const leaderKey = { name: "l" as Bytes, key: key as Bytes, revision, lease: LEASE };
  const input = { kind: "campaign", name: "l" as Bytes, lease: LEASE, value: VALUE } as const;
  return [at, input, { kind: "campaign", header: headerOf(revision), leader: leaderKey }];
}

function leader(at: number, key: string, revision: number): Said {
  const made = { createRevision: 1, modRevision: 1, version: 1, value: VALUE, lease: LEASE };
  const kv = { key: key as Bytes, ...made };
  return [
    at,
    { kind: "leader", name: "l" as Bytes },
    { kind: "leader", header: headerOf(revision), kv },
  ];
}

function headerOf(revision: number): Header {
  return { clusterId: 0n, memberId: 0n, revision, raftTerm: 1 } as Header;
}
