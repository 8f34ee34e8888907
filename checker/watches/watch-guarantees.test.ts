// Every promise about watches, kept and broken: one small chronicle, and streams that tell it.

import { describe, expect, it } from "vitest";
import type { KeyValue, WatchAsk, WatchEvent, WatchResponse } from "../../core/api/request.ts";
import type { Bytes } from "../../core/contract.ts";
import { createChronicle } from "../model/chronicle.ts";
import { bytes } from "../testing.ts";
import { brokenWatchRules } from "./watch-guarantees.ts";
import type { CachedView, Change, Heard, Session } from "./watch-history.ts";

const SECOND = 1_000_000;

// 2: a = 1, b = 1 in one transaction; 3: a = 2; 4: b deleted; 5: c = 1 on a lease; 6: a = 3
const CHANGES: readonly Change[] = [
  change(2, put("a", "1", 2, 2, 1), put("b", "1", 2, 2, 1)),
  change(3, put("a", "2", 3, 2, 2)),
  change(4, gone("b", 4)),
  change(5, put("c", "1", 5, 5, 1, 7n)),
  change(6, put("a", "3", 6, 2, 3)),
];
const [TWO, THREE, FOUR, FIVE, SIX] = CHANGES.map(({ events }) =>
  events.map(({ kind, kv }): WatchEvent => ({ kind, kv, prevKv: null })),
) as [WatchEvent[], WatchEvent[], WatchEvent[], WatchEvent[], WatchEvent[]];
const ALL = [TWO, THREE, FOUR, FIVE, SIX];

describe("a watch", () => {
  it("that tells everything, in one response or in many, keeps every promise", () => {
    expect(broken([created(1), ...ALL.map((events) => told(events))])).toEqual([]);
    expect(broken([created(1), told(ALL.flat())])).toEqual([]);
    expect(broken([created(1), told([...TWO, ...THREE]), notice(3), told(FOUR)])).toEqual([]);
    const some = { startRevision: 3, noDelete: true };
    expect(broken([created(2), told(THREE), told([...FIVE, ...SIX])], some)).toEqual([]);
    const next = { startRevision: 0 };
    expect(broken([created(4), told(FIVE)], next)).toEqual([]);
    expect(broken([created(4), told(FOUR), told(FIVE)], next)).toEqual([]); // registered before
  });

  it("tells nothing that was not asked for (W1)", () => {
    const rest = ALL.slice(0, 2).map((events) => told(events));
    expect(broken([created(1), ...rest, told(FOUR)], { noDelete: true })).toEqual(["W1"]);
    expect(broken([created(1), told(TWO)], { rangeEnd: "" as Bytes })).toEqual(["W1"]);
    expect(broken([created(1), told(TWO)], { noPut: true })).toEqual(["W1"]);
  });

  it("tells in order, and once (W2, W3)", () => {
    expect(broken([created(1), told(TWO), told(FOUR), told(THREE)])).toEqual(["W2", "W5"]);
    expect(broken([created(1), told(TWO.toReversed())])).toEqual(["W2", "W6"]);
    expect(broken([created(1), told(TWO), told(THREE), told(THREE)])).toEqual(["W3", "W2"]);
  });

  it("tells a revision in one response, whose pieces count as one (W4)", () => {
    const [a, b] = TWO.map((one) => [one]) as [WatchEvent[], WatchEvent[]];
    expect(broken([created(1), told(a), told(b)])).toEqual(["W4"]);
    const pieces = [told(a, { fragment: true }), told(b)];
    expect(broken([created(1), ...pieces], { fragment: true })).toEqual([]);
    expect(broken([created(1), ...pieces])).toEqual(["W11"]); // nobody wanted pieces
    expect(broken([created(1), told(a, { fragment: true })], { fragment: true })).toEqual([]);
  });

  it("leaves nothing out (W5)", () => {
    expect(broken([created(1), told(TWO), told(FOUR)])).toEqual(["W5"]);
    expect(broken([created(3), told(SIX)], { startRevision: 0 })).toEqual(["W5"]);
  });

  it("begins where it was asked to (W6)", () => {
    expect(broken([created(1), told(THREE)])).toEqual(["W6"]);
    expect(broken([created(1), told(TWO)], { startRevision: 3 })).toEqual(["W6"]);
  });

  it("is canceled when what it wants is compacted, and only then (W6)", () => {
    const gone5 = { compacted: [5, 5] } as const;
    expect(broken([created(6, gone5), lapsed(5, gone5)])).toEqual([]);
    expect(broken([created(6, gone5), told(FIVE)])).toEqual(["W6"]);
    expect(broken([created(6, gone5), lapsed(4, gone5)])).toEqual(["W6"]);
    expect(broken([created(6), told(ALL.flat()), lapsed(5, gone5)])).toEqual(["W6"]);
    expect(broken([created(6), told(TWO), lapsed(5, gone5)])).toEqual([]);
  });

  it("gives notice of what it has told, never of less (W7)", () => {
    expect(broken([created(1), told(TWO), notice(3)])).toEqual(["W7"]);
    expect(broken([created(1), told(TWO), notice(2), told(TWO)])).toContain("W7");
    expect(broken([created(1), told([...TWO, ...THREE]), notice(3), notice(2)])).toEqual(["W7"]);
    expect(broken([created(1), notice(3)], { startRevision: 5 })).toEqual(["W7"]);
    const forAll = notice(3, { watchId: -1n });
    expect(broken([created(1), told(TWO), forAll])).toEqual(["W7"]);
  });

  it("tells the previous value where it was asked for and is left (W8)", () => {
    const [three] = THREE as [WatchEvent];
    const right = { ...three, prevKv: put("a", "1", 2, 2, 1).kv };
    const first = told(TWO);
    expect(broken([created(1), first, told([right])], { prevKv: true })).toEqual([]);
    expect(broken([created(1), first, told([three])], { prevKv: true })).toEqual(["W8"]);
    expect(broken([created(1), first, told([right])])).toEqual(["W8"]);
    const wrong = { ...three, prevKv: put("a", "9", 2, 2, 1).kv };
    expect(broken([created(1), first, told([wrong])], { prevKv: true })).toEqual(["W8"]);
    const late = told([three], {}, { compacted: [-1, 3] });
    expect(broken([created(1), first, late], { prevKv: true })).toEqual([]);
    const [two] = TWO as [WatchEvent];
    const kept = told([right], {}, { compacted: [3, 3] });
    expect(broken([created(1), told([two, TWO[1] as WatchEvent]), kept], { prevKv: true })).toEqual(
      ["W8"],
    );
  });

  it("tells what was written, as another watch does (W9, W15)", () => {
    const forged = [{ ...(THREE[0] as WatchEvent), kv: put("a", "9", 3, 2, 2).kv }];
    const one = [created(1), told(TWO), told(forged)];
    expect(broken(one)).toEqual(["W9"]);
    const other = [created(1), told(TWO), told(THREE)];
    expect(brokenIn([session(one), session(other)])).toEqual(["W9", "W15"]);
    const unleased = [{ ...(FIVE[0] as WatchEvent), kv: put("c", "1", 5, 5, 1).kv }];
    expect(broken([created(4), told(unleased)], { startRevision: 5 })).toEqual(["W9"]);
  });

  it("says who speaks, and of when (W10)", () => {
    expect(broken([created(1), underHeader({})])).toEqual([]);
    expect(broken([created(1), underHeader({ revision: 1 })])).toEqual(["W10"]);
    expect(broken([created(1), underHeader({ revision: 7 })])).toEqual(["W10"]);
    expect(broken([created(1), underHeader({ memberId: 3n as never })])).toEqual(["W10"]);
    expect(broken([created(1), underHeader({ raftTerm: 1 })])).toEqual(["W10"]);
  });

  it("speaks when it is there (W11)", () => {
    expect(broken([told(TWO)])).toEqual(["W11"]);
    expect(broken([created(1), created(1)])).toEqual(["W11"]);
    expect(broken([created(1), told(TWO, { watchId: 4n })])).toEqual(["W11"]);
    expect(broken([created(1), canceled(), told(TWO)])).toEqual(["W11"]); // and nobody asked
    const asks: WatchAsk[] = [ask({}), { kind: "cancel", watchId: 0n }];
    expect(brokenIn([session([created(1), canceled()], asks)])).toEqual([]);
    expect(brokenIn([session([created(1), canceled(), told(TWO)], asks)])).toEqual(["W11"]);
    expect(brokenIn([session([created(1), created(1)], [ask({}), ask({})])])).toEqual(["W11"]);
    expect(broken([created(1, {}, { watchId: 4n })], { watchId: 5n })).toEqual(["W11"]);
    const refused = created(1, {}, { watchId: -1n, canceled: true });
    expect(broken([refused])).toEqual(["W11"]);
    expect(broken([refused], { key: "b" as Bytes, rangeEnd: "a" as Bytes })).toEqual([]);
  });

  it("holds the id of a watch that lapsed until its client has canceled it (W11)", () => {
    const gone5 = { compacted: [5, 5] } as const;
    const first = { watchId: 7n };
    const lapse = lapsed(5, gone5, first);
    const refused = created(6, gone5, { watchId: -1n, canceled: true });
    const again = created(6, gone5, first);
    const own = ask(first);
    const twice = [own, ask({ ...first, startRevision: 7 })];
    const cancel: WatchAsk = { kind: "cancel", watchId: 7n };
    const made = [created(6, gone5, first), lapse];
    expect(brokenIn([session([...made, refused], twice)])).toEqual([]);
    expect(brokenIn([session([...made, again], twice)])).toEqual(["W11"]);
    expect(brokenIn([session([...made, canceled(first)], [own])])).toEqual(["W11"]);
    expect(brokenIn([session([...made, canceled(first)], [own, cancel])])).toEqual([]);
    const freed = [...made, canceled(first)];
    expect(brokenIn([session([...freed, again], [...twice, cancel])])).toEqual([]);
    expect(brokenIn([session([...freed, refused], [...twice, cancel])])).toEqual(["W11"]);
  });

  it("tells nothing that did not happen, or not yet (W12)", () => {
    expect(broken([created(1), told([event(gone("c", 2))])])).toContain("W12");
    const early = told(SIX, {}, { sentAt: 5 * SECOND });
    expect(broken([created(5), early], { startRevision: 6 })).toEqual(["W12", "W10"]);
  });

  it("has told everything in the end, if it is open (W13)", () => {
    const heard = [created(1), ...ALL.slice(0, 4).map((events) => told(events))];
    expect(brokenIn([session(heard)], 6 * SECOND)).toEqual(["W13"]);
    expect(brokenIn([session(heard)], 5 * SECOND)).toEqual([]);
    expect(brokenIn([{ ...session(heard), endedAt: 9 * SECOND }], 6 * SECOND)).toEqual([]);
    expect(brokenIn([session([])], 6 * SECOND)).toEqual(["W13"]); // never even created
    const gone5 = { compacted: [5, 5] } as const;
    expect(brokenIn([session([created(6, gone5)])], 6 * SECOND)).toEqual(["W13"]);
  });
});

describe("a copy by list and watch (W14)", () => {
  it("is what the store held", () => {
    const a3 = put("a", "2", 3, 2, 2).kv;
    const b2 = put("b", "1", 2, 2, 1).kv;
    expect(brokenIn([], -1, [copy(3, [a3, b2]), copy(4, [a3])])).toEqual([]);
    for (const kvs of [[a3, b2], [], [{ ...a3, version: 1 }]]) {
      expect(brokenIn([], -1, [copy(4, kvs)])).toEqual(["W14"]);
    }
  });
});

describe("a complaint", () => {
  it("names the rule, the watch, what was told and what was not", () => {
    const heard = [created(1), told(TWO), told(FOUR)];
    const watched = { sessions: [session(heard)], copies: [], caughtUpBy: -1 };
    expect(brokenWatchRules(watched, createChronicle(CHANGES))[0]?.story).toMatchInlineSnapshot(`
      "W5 reliable: A watch leaves nothing out between two things that it tells.
        watch 0 of client 9 on node 2 (stream 0), [a, end) from revision 1, created at 1.000000s (revision 1)
        it heard at 8.000000s, sent at 7.000000s: a deletion of b in revision 4
      However, it was not told of a put of a in revision 3."
    `);
  });
});

/** The rules that one stream with one watch breaks. */
function broken(heard: readonly Heard[], wish: Partial<ReturnType<typeof ask>> = {}): string[] {
  return brokenIn([session(heard, [ask(wish)])]);
}

function brokenIn(
  sessions: readonly Session[],
  caughtUpBy = -1,
  copies: readonly CachedView[] = [],
): string[] {
  const watched = { sessions, copies, caughtUpBy };
  return brokenWatchRules(watched, createChronicle(CHANGES)).map(({ rule }) => rule);
}

function session(heard: readonly Heard[], asks: readonly WatchAsk[] = [ask({})]): Session {
  const said = asks.map((each) => ({ at: 0, ask: each }));
  return { id: 0, client: 9, node: 2, member: 2n, openedAt: 0, endedAt: null, said, heard };
}

function ask(wish: Partial<Extract<WatchAsk, { kind: "create" }>>) {
  const flags = { progressNotify: false, noPut: false, noDelete: false, prevKv: false };
  const range = { key: "a" as never, rangeEnd: "\0" as never, startRevision: 1 };
  return { kind: "create", ...range, ...flags, watchId: 0n, fragment: false, ...wish } as const;
}

function created(
  revision: number,
  heard: Partial<Heard> = {},
  more: Partial<WatchResponse> = {},
): Heard {
  return saying({ created: true, header: heading(revision), ...more }, { at: SECOND, ...heard });
}

function told(
  events: readonly WatchEvent[],
  more: Partial<WatchResponse> = {},
  heard: Partial<Heard> = {},
): Heard {
  return saying({ events, header: heading(6), ...more }, heard);
}

function underHeader(more: Partial<WatchResponse["header"]>): Heard {
  return told(TWO, { header: { ...heading(6), ...more } });
}

function notice(revision: number, more: Partial<WatchResponse> = {}): Heard {
  return saying({ header: heading(revision), ...more });
}

function canceled(more: Partial<WatchResponse> = {}): Heard {
  return saying({ canceled: true, ...more });
}

function lapsed(
  compactRevision: number,
  heard: Partial<Heard>,
  more: Partial<WatchResponse> = {},
): Heard {
  return saying({ canceled: true, compactRevision, header: heading(0), ...more }, heard);
}

function saying(more: Partial<WatchResponse>, heard: Partial<Heard> = {}): Heard {
  const flags = { created: false, canceled: false, fragment: false };
  const response: WatchResponse = {
    kind: "watch",
    header: heading(6),
    watchId: 0n,
    ...flags,
    compactRevision: 0,
    cancelReason: "",
    events: [],
    ...more,
  };
  return { at: 8 * SECOND, sentAt: 7 * SECOND, compacted: [-1, -1], response, ...heard };
}

function heading(revision: number): WatchResponse["header"] {
  return { clusterId: 1n, memberId: 2n, revision, raftTerm: 2 } as WatchResponse["header"];
}

function copy(revision: number, kvs: readonly KeyValue[]): CachedView {
  return { client: 9, at: 8 * SECOND, revision, key: "a", rangeEnd: "z", kvs };
}

function change(revision: number, ...events: Change["events"]): Change {
  return { revision, at: revision * SECOND, events };
}

function event({ kind, kv }: Change["events"][number]): WatchEvent {
  return { kind, kv, prevKv: null };
}

function put(
  key: string,
  value: string,
  modRevision: number,
  createRevision: number,
  version: number,
  lease = 0n,
): Change["events"][number] {
  const numbers = { modRevision, createRevision, version, lease };
  return { kind: "put", kv: { key: key as KeyValue["key"], value: bytes(value), ...numbers } };
}

function gone(key: string, modRevision: number): Change["events"][number] {
  const nothing = { createRevision: 0, version: 0, lease: 0n, value: bytes("") };
  return { kind: "delete", kv: { key: key as KeyValue["key"], modRevision, ...nothing } };
}
