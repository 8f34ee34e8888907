import { describe, expect, it } from "vitest";
import type { Bytes } from "../contract.ts";
import { ABOVE_ALL, EMPTY } from "../lib/bytes.ts";
import {
  addVersion,
  countLive,
  createKeyIndex,
  historyOf,
  type KeyIndex,
  liveVersions,
  putVersion,
  tombstone,
  versionAt,
  versionsAt,
} from "./key-index.ts";

const ALL = { from: EMPTY, to: ABOVE_ALL };

describe("the index of keys", () => {
  it("finds any version of a key that was written a hundred thousand times", () => {
    let index = createKeyIndex();
    for (let main = 2; main <= 100_001; main++) index = put(index, "hot", main);
    const history = historyOf(index, "hot" as Bytes);
    for (const revision of [2, 3, 777, 99_999, 100_001]) {
      const version = { main: revision, sub: 0, created: 2, version: revision - 1 };
      expect(history && versionAt(history, revision)).toEqual(version);
    }
    expect(history && versionAt(history, 1)).toBeNull();
  });

  it("counts versions from one again after a tombstone", () => {
    const index = put(remove(put(put(createKeyIndex(), "a", 2), "a", 3), "a", 4), "a", 6);
    const seen = [1, 2, 3, 4, 5, 6, 7].map((revision) => {
      const [found] = [...versionsAt(index, { from: "a" as Bytes, to: null }, revision)];
      return found === undefined ? "-" : `${found[1].created}/${found[1].version}`;
    });
    expect(seen.join(" ")).toBe("- 2/1 2/2 - - 6/1 6/1");
  });

  it("keeps deleted keys out of the present and in the past", () => {
    const index = remove(put(put(createKeyIndex(), "a", 2), "b", 3), "a", 4);
    expect([...liveVersions(index, ALL)].map(([key]) => key)).toEqual(["b"]);
    expect(countLive(index, ALL)).toBe(1);
    expect([...versionsAt(index, ALL, 3)].map(([key]) => key)).toEqual(["a", "b"]);
  });

  it("keeps a key that comes back in one place only, with its past", () => {
    const index = put(remove(put(createKeyIndex(), "a", 2), "a", 3), "a", 4);
    expect([index.live.size, index.dead.size]).toEqual([1, 0]);
    expect(historyOf(index, "a" as Bytes)?.older?.size).toBe(2);
  });

  it("remembers the last of two writes in one revision only", () => {
    const first = put(createKeyIndex(), "a", 2);
    const history = historyOf(first, "a" as Bytes);
    const index = addVersion(first, "a" as Bytes, history, putVersion(history, 2, 1));
    const newest = { main: 2, sub: 1, created: 2, version: 2 };
    expect(historyOf(index, "a" as Bytes)).toEqual({ newest, older: null });
  });

  it("refuses a tombstone for an absent key, and a version older than the newest", () => {
    const gone = remove(put(createKeyIndex(), "a", 2), "a", 3);
    expect(() => remove(gone, "a", 4)).toThrow("a tombstone at 4 for a key that does not exist");
    expect(() => put(gone, "a", 2)).toThrow("version 2.0 after version 3.0");
  });
});

function put(index: KeyIndex, key: string, main: number): KeyIndex {
  const history = historyOf(index, key as Bytes);
  return addVersion(index, key as Bytes, history, putVersion(history, main, 0));
}

function remove(index: KeyIndex, key: string, main: number): KeyIndex {
  return addVersion(index, key as Bytes, historyOf(index, key as Bytes), tombstone(main, 0));
}
