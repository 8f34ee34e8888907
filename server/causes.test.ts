import { describe, expect, it } from "vitest";
import { type Cause, OperatorError, operatorErrorOf, sentenceOf } from "./causes.ts";

const LMDB_CASE = {
  kind: "file",
  doing: "cannot write the store",
  path: "/nowhere/data.mdb",
} as const;
const FILE = { kind: "file", doing: "cannot use", path: "/nowhere" } as const;

const CASES: readonly [about: string, cause: Cause, words: RegExp][] = [
  ["a full disk", { ...FILE, error: coded("ENOSPC") }, /: no space left on device: free some \(df/],
  ["a used quota", { ...FILE, error: { errno: -122 } }, /: disk quota exceeded: free some/],
  ["a disk that fails", { ...FILE, error: coded("EIO") }, /: i\/o error: look at the disk \(dmesg/],
  [
    "a file system that is only read",
    { ...FILE, error: coded("EROFS") },
    /: mount the file system/,
  ],
  ["no right", { ...FILE, error: coded("EACCES") }, /: permission denied: give it to the user/],
  ["a file in the way", { ...FILE, error: coded("ENOTDIR") }, /: not a directory: choose another/],
  ["too many files", { ...FILE, error: coded("EMFILE") }, /: too many open files: raise the limit/],
  [
    "an unknown error",
    { ...FILE, error: new Error("odd") },
    /^cannot use \/nowhere: odd: mend that/,
  ],
  ["LMDB's number", { ...LMDB_CASE, error: { code: 28 } }, /: no space left on device: free some/],
  ["LMDB's words", { ...LMDB_CASE, error: new Error("No space left on device") }, /: free some/],
  [
    "an address that is taken",
    { kind: "listen", flag: "listen-peer-urls", error: new Error("cannot listen on x: taken") },
    /^cannot listen on x: taken: stop that one, or choose another --listen-peer-urls$/,
  ],
  [
    "a lock",
    { kind: "held", directory: "/d", holder: "process 1 on h" },
    /\(process 1 on h\): stop/,
  ],
  [
    "no locks",
    { kind: "unlockable", directory: "/d", reason: "not supported" },
    /^cannot lock the data directory \/d: not supported: .*--unsafe-no-lock$/,
  ],
  ["etcd's data", { kind: "etcd_data", directory: "/d" }, /npx detcd snapshot --help/],
  [
    "data of nobody",
    { kind: "foreign", directory: "/d", found: ["x", "y"], identity: "identity.json" },
    /\(member\/x, y\), or has lost its member\/identity\.json: choose another --data-dir$/,
  ],
  ["no identity", { kind: "identity", path: "/d/i" }, /^\/d\/i cannot be read: .*member remove/],
  [
    "a damaged store",
    { kind: "damaged", path: "/d/data.mdb", reason: "page 7 is cut off" },
    /^the store \/d\/data\.mdb is damaged: page 7 is cut off: .*member remove.*snapshot restore/,
  ],
  ["a damaged log", { kind: "log", directory: "/d/wal", reason: "bad" }, /\/d\/wal: bad$/],
  ["flags", { kind: "flags", reason: "no such key" }, /^no such key$/],
  ["harm", { kind: "differs", reason: "x" }, /^checkInitialHashKV failed: x: .*member remove/],
  ["nobody to join", { kind: "unreachable", asked: "u: down" }, /\(u: down\).*etcdctl member add/],
  [
    "others to join",
    { kind: "mismatched", listed: "a=u", reason: "member count is unequal" },
    /^error validating peerURLs \{a=u\}: member count is unequal: .*etcdctl member add/,
  ],
  [
    "a name that has voted",
    { kind: "started_before", name: "a", member: "f00" },
    /^member a \(f00\) has started before.*etcdctl member remove/,
  ],
];

describe("what ends a member", () => {
  it.each(CASES)("%s is told in one sentence", (_about, cause, words) => {
    const sentence = sentenceOf(cause);
    expect(sentence).toMatch(words);
    expect(sentence).not.toMatch(/\n|undefined|\[object|Error:/);
    expect(new OperatorError(cause).message).toBe(sentence);
  });
});

describe("an error that nobody made a cause of", () => {
  it("is the operator's if it is one of the system, and else a fault of the program", () => {
    const full = Object.assign(coded("ENOSPC"), { syscall: "write", path: "/d/current" });
    expect(operatorErrorOf(full, "/d")?.message).toMatch(/^cannot use \/d\/current: no space left/);
    const same = new OperatorError({ kind: "flags", reason: "x" });
    expect(operatorErrorOf(same, "/d")).toBe(same);
    expect(operatorErrorOf(new RangeError("x"), "/d")).toBeNull();
    expect(operatorErrorOf(coded("ERR_INVALID_ARG_TYPE"), "/d")).toBeNull();
  });
});

function coded(code: string): Error {
  return Object.assign(new Error(`${code}: in Node's words`), { code });
}
