// A run made by hand, for tests: a leader crashes, two nodes stand at once, the vote splits, and
// the next round decides.

import type { Frame } from "../sim/run/frame.ts";
import { makeAnswer, makeFrame, makeVote, type MadeNode } from "./made-frames.ts";

const LONG = "1".repeat(4) + "7".repeat(8);
const SHORT = LONG.slice(0, -1);

const LED: readonly MadeNode[] = [
  { role: "leader", term: 7, vote: 1, leader: 1, log: `${LONG}7`, commit: 10, beatMs: 20 },
  { term: 7, vote: 1, leader: 1, log: LONG, commit: 10, elapsedMs: 30, timeoutMs: 155 },
  { term: 7, vote: 1, leader: 1, log: LONG, commit: 10, elapsedMs: 30, timeoutMs: 271 },
  { term: 7, vote: 1, leader: 1, log: SHORT, commit: 10, elapsedMs: 30, timeoutMs: 156 },
  { term: 7, vote: 1, leader: 1, log: SHORT, commit: 9, elapsedMs: 30, timeoutMs: 263 },
];
const CRASHED: MadeNode = { ...LED[0], status: "crashed", sinceMs: 1001 };
const STANDS: MadeNode = { role: "candidate", term: 8, log: LONG, commit: 10, timeoutMs: 158 };
const VOTED: MadeNode = { term: 8, log: LONG, commit: 10, timeoutMs: 271 };

export const LEADER_LOST: Frame = makeFrame({
  step: 2,
  ms: 1001,
  event: { kind: "fault", node: 1, text: "n1 crashes" },
  nodes: [CRASHED, ...LED.slice(1)],
});

/** The picture that everybody draws: two candidates, two votes each, three needed. */
export const SPLIT_VOTE: Frame = makeFrame({
  step: 6,
  ms: 1135,
  nodes: [
    CRASHED,
    { ...STANDS, vote: 2, elapsedMs: 9, yes: [2] },
    { ...VOTED, vote: 2, elapsedMs: 3 },
    { ...STANDS, vote: 4, log: SHORT, elapsedMs: 8, timeoutMs: 229, yes: [4] },
    { ...VOTED, vote: 4, log: SHORT, commit: 9, elapsedMs: 4, timeoutMs: 263 },
  ],
  flights: [
    { from: 2, to: 5, message: makeVote(8, LONG), sentMs: 1127, arrivesMs: 1139 },
    { from: 4, to: 3, message: makeVote(8, SHORT), sentMs: 1128, arrivesMs: 1137 },
    { from: 5, to: 4, message: makeAnswer(8, true), sentMs: 1132, arrivesMs: 1142 },
    { from: 3, to: 2, message: makeAnswer(8, true), sentMs: 1133, arrivesMs: 1141 },
    { from: 2, to: 1, message: makeVote(8, LONG), sentMs: 1127, arrivesMs: 1144 },
  ],
  cuts: [
    [2, 4],
    [4, 2],
  ],
});

export const ELECTION: readonly Frame[] = [
  makeFrame({
    step: 1,
    ms: 1000,
    event: { kind: "start", node: null, text: "start" },
    nodes: LED,
  }),
  LEADER_LOST,
  makeFrame({
    step: 3,
    ms: 1126,
    nodes: [
      CRASHED,
      { ...STANDS, vote: 2, elapsedMs: 0, yes: [2] },
      ...LED.slice(2).map((node) => ({ ...node, elapsedMs: 155 })),
    ],
  }),
  makeFrame({
    step: 4,
    ms: 1127,
    nodes: [
      CRASHED,
      { ...STANDS, vote: 2, elapsedMs: 1, yes: [2] },
      { ...LED[2], elapsedMs: 156 },
      { ...STANDS, vote: 4, log: SHORT, elapsedMs: 0, timeoutMs: 229, yes: [4] },
      { ...LED[4], elapsedMs: 156 },
    ],
    flights: [{ from: 4, to: 3, message: makeVote(8, SHORT), sentMs: 1127, arrivesMs: 1137 }],
  }),
  makeFrame({
    step: 5,
    ms: 1133,
    nodes: splitNodes(3),
    flights: [{ from: 4, to: 3, message: makeVote(8, SHORT), sentMs: 1127, arrivesMs: 1137 }],
  }),
  SPLIT_VOTE,
  makeFrame({ step: 7, ms: 1140, nodes: splitNodes(10) }),
  makeFrame({ step: 8, ms: 1284, nodes: secondRound([2]) }),
  makeFrame({ step: 9, ms: 1300, nodes: secondRound([2, 3, 5], "leader") }),
  makeFrame({ step: 10, ms: 1320, nodes: secondRound([2, 3, 5], "leader", 2) }),
];

function splitNodes(elapsedMs: number): readonly MadeNode[] {
  return [
    CRASHED,
    { ...STANDS, vote: 2, elapsedMs: elapsedMs + 6, yes: [2] },
    { ...VOTED, vote: 2, elapsedMs },
    { ...STANDS, vote: 4, log: SHORT, elapsedMs: elapsedMs + 5, timeoutMs: 229, yes: [4] },
    { ...VOTED, vote: 4, log: SHORT, commit: 9, elapsedMs, timeoutMs: 263 },
  ];
}

function secondRound(
  yes: readonly number[],
  role: "candidate" | "leader" = "candidate",
  leader: number | null = null,
): readonly MadeNode[] {
  const won = role === "leader";
  const voted: MadeNode = { term: won ? 9 : 8, vote: 2, leader, log: LONG, commit: 10 };
  return [
    CRASHED,
    {
      role,
      term: 9,
      vote: 2,
      leader: won ? 2 : null,
      log: `${LONG}${won ? "9" : ""}`,
      commit: 10,
      yes,
    },
    { ...voted, elapsedMs: 20 },
    { ...STANDS, vote: 4, log: SHORT, elapsedMs: 160, timeoutMs: 229, yes: [4] },
    { ...voted, log: SHORT, commit: 9, elapsedMs: 20, vote: won ? 2 : 4 },
  ];
}
