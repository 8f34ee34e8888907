import { describe, expect, it } from "vitest";
import { campaignsOf, chancesOf, isDecisive } from "./cluster.ts";
import { ELECTION, LEADER_LOST, SPLIT_VOTE } from "./made-election.ts";
import { makeFrame, makeVote, type MadeFrame, type MadeNode } from "./made-frames.ts";
import { createModel, reduce, type Model } from "./model.ts";
import { notesBetween } from "./notes.ts";
import { ballotText, chancesText, explain, fateText, headlineOf } from "./why.ts";

function at(made: MadeFrame): Model {
  return createModel("a run", makeFrame(made));
}

const FOLLOWS: MadeNode = { term: 7, vote: 1, leader: 1, log: "77", commit: 2, elapsedMs: 20 };
const LEADS: MadeNode = { ...FOLLOWS, role: "leader", beatMs: 12 };

describe("the words beside the picture", () => {
  it("names the leader and what would happen without it", () => {
    const why = explain(at({ nodes: [LEADS, FOLLOWS, { ...FOLLOWS, timeoutMs: 120 }] }));
    expect(why.headline).toBe("n1 leads term 7");
    expect(why.margin).toBe("quorum 2 of 3: can lose 1 more");
    expect(why.next).toEqual([
      "n1 beats in 12 ms; if it fell silent, n3 would fire first, in 100 ms",
    ]);
  });

  it("says who fires next when the leader is gone, and that it can win", () => {
    const crashed: MadeNode = { ...LEADS, status: "crashed" };
    const why = explain(at({ nodes: [crashed, { ...FOLLOWS, heardMs: 150 }, FOLLOWS] }));
    expect(why.headline).toBe("term 7 has no leader");
    expect(why.next[0]).toBe("n2 fires in 130 ms; it can win: n3 could vote");
  });

  it("says who cannot win, and who stands in its way", () => {
    const [, n2, n3, n4] = SPLIT_VOTE.nodes;
    if (n2 === undefined || n3 === undefined || n4 === undefined) throw new Error("five nodes");
    expect(chancesText(SPLIT_VOTE, n2)).toBe("it can win: n3 n5 could vote");
    expect(chancesText(SPLIT_VOTE, n4)).toBe(
      "it cannot win: 2 of 3 votes; " +
        "n3 has a newer log, its own ends at 7/11, no link with n2, n1 is down",
    );
  });

  it("knows that followers of a living leader turn a candidate away", () => {
    const frame = makeFrame({
      nodes: [LEADS, FOLLOWS, { ...FOLLOWS, elapsedMs: 149 }],
      cuts: [[1, 3]],
    });
    const [, , n3] = frame.nodes;
    if (n3 === undefined) throw new Error("three nodes");
    expect(chancesOf(frame, n3).wins).toBe(false);
    expect(chancesText(frame, n3)).toContain("n2 hears n1");
  });

  it("counts votes, and those that are on their way", () => {
    const texts = campaignsOf(SPLIT_VOTE).map((campaign) => ballotText(SPLIT_VOTE, campaign));
    expect(texts).toEqual([
      "n2 t8: has 1 of 3: yes n2, coming n3, open n1 n4 n5",
      "n4 t8: has 1 of 3: yes n4, coming n5, open n1 n2 n3",
    ]);
    expect(headlineOf(SPLIT_VOTE).headline).toBe("n2 n4 compete for term 8");
  });

  it("foretells what becomes of a request", () => {
    const fates = SPLIT_VOTE.flights.map((flight) => fateText(SPLIT_VOTE, flight));
    expect(fates).toContain("refused: n5 voted n4");
    expect(fates).toContain("lost: n1 is down");
  });

  it.each([
    ["an old term", { term: 9 }, "refused: n2 knows term 9"],
    ["a newer log", { term: 7, log: "777" }, "refused: n2 has log 7/3"],
    ["a leader", { term: 7, leader: 1, heardMs: 5 }, "refused: n2 hears n1"],
    ["nothing against it", { term: 7, log: "77" }, "will be granted"],
  ] as const)("foretells the answer of a node with %s", (_, node, fate) => {
    const flight = { from: 3, to: 2, message: makeVote(8, "77", true), sentMs: 0, arrivesMs: 9 };
    const frame = makeFrame({ nodes: [{ status: "crashed" }, node, {}], flights: [flight] });
    expect(frame.flights.map((one) => fateText(frame, one))).toEqual([fate]);
  });

  it("counts what the quorum lacks", () => {
    const down: MadeNode = { status: "crashed" };
    expect(explain(at({ nodes: [down, down, {}] })).margin).toBe("quorum 2 of 3: 1 missing");
    expect(explain(at({ nodes: [down, down, down] })).next).toEqual([
      "nothing: no node is running",
    ]);
  });
});

function story(model: Model): readonly string[] {
  return model.history.notes.map((note) => `${note.kind}: ${note.text}`);
}

describe("the story", () => {
  it("tells an election from the loss of a leader to the next one", () => {
    const [first, ...others] = ELECTION;
    if (first === undefined) throw new Error("the run is empty");
    const model = reduce(createModel("a run", first), {
      kind: "frames",
      frames: others,
      over: true,
    });
    expect(story(model)).toEqual([
      "fault: n1 crashed: term 7 lost its leader",
      "election: n2 heard no leader for 155 ms: stands for term 8",
      "election: n4 heard no leader for 156 ms: stands for term 8",
      "vote: n3 votes for n2 in term 8",
      "vote: n5 votes for n4 in term 8",
      "refusal: n3 refuses n4: it voted for n2 in this term",
      "refusal: n5 refuses n2: it voted for n4 in this term",
      "election: n2 got no majority in term 8: stands for term 9",
      "leader: n2 leads term 9: voted by n2 n3 n5",
      "vote: n3 votes for n2 in term 9",
      "vote: n5 votes for n2 in term 9",
    ]);
  });

  it("tells that a node ignores a candidate because it hears a leader", () => {
    const message = makeVote(8, "77", true);
    const flights = [{ from: 3, to: 2, message, sentMs: 1, arrivesMs: 5 }];
    const nodes = [LEADS, FOLLOWS, { ...FOLLOWS, role: "pre_candidate", leader: null } as const];
    const before = makeFrame({ ms: 4, nodes, flights });
    const later = nodes.map((node) => ({ ...node, elapsedMs: 21 }));
    const notes = notesBetween(before, makeFrame({ ms: 5, nodes: later }), 1);
    expect(notes.map((note) => note.text)).toEqual([
      "n2 refuses n3: it heard its leader n1 20 ms ago",
    ]);
  });

  it("tells why a leader gives up", () => {
    const nodes = [FOLLOWS, FOLLOWS, FOLLOWS];
    const before = makeFrame({ nodes: [LEADS, FOLLOWS, FOLLOWS] });
    const quorum = makeFrame({ nodes: [{ ...FOLLOWS, leader: null }, ...nodes.slice(1)] });
    const later = makeFrame({ nodes: [{ ...FOLLOWS, term: 8 }, ...nodes.slice(1)] });
    expect(notesBetween(before, quorum, 1).map((note) => note.text)).toEqual([
      "n1 gives up term 7: no majority answered it",
    ]);
    expect(notesBetween(before, later, 1)[0]?.text).toBe(
      "n1 gives up term 7: it learned of term 8",
    );
  });

  it("is slow while votes travel, and not while everybody waits for a timer", () => {
    expect(isDecisive(SPLIT_VOTE)).toBe(true);
    expect(isDecisive(LEADER_LOST)).toBe(false);
  });
});
