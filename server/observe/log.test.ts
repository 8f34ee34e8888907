import { describe, expect, it } from "vitest";
import type { ClusterId, Index, NodeId, Term } from "../../core/contract.ts";
import { jsonLine } from "./log-line.ts";
import { createLog, type LogSink } from "./log.ts";
import { createTraceLog } from "./trace-log.ts";

const NOW = new Date(Date.UTC(2026, 10, 21, 9, 8, 7, 65));

function createLines(least: LogSink["least"]): { sink: LogSink; lines: string[] } {
  const lines: string[] = [];
  return {
    sink: { least, write: (line) => lines.push(line), inLine: jsonLine, now: () => NOW },
    lines,
  };
}

describe("log lines", () => {
  it("are one JSON object each, with etcd's keys first", () => {
    const { sink, lines } = createLines("info");
    createLog(sink, "server/main.ts")("warn", 'a "quoted"\nword', { count: 2 });
    expect(lines).toEqual([
      '{"level":"warn","ts":"2026-11-21T09:08:07.065Z","caller":"server/main.ts",' +
        '"msg":"a \\"quoted\\"\\nword","count":2}\n',
    ]);
  });

  it("below the wanted level are left out", () => {
    const { sink, lines } = createLines("warn");
    const log = createLog(sink, "x");
    for (const level of ["debug", "info", "warn", "error", "fatal"] as const) log(level, level);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      "warn",
      "error",
      "fatal",
    ]);
  });
});

describe("the log of a node's traces", () => {
  it("tells an election and the readiness in the words that etcd's tests wait for", () => {
    const { sink, lines } = createLines("info");
    const trace = createTraceLog({
      identity: {
        cluster: 0xcn as ClusterId,
        member: 0xan as NodeId,
        name: "n1",
        members: [],
        contacts: [],
      },
      name: "n1",
      listenClientUrls: ["http://127.0.0.1:2379", "http://[::1]:2379"],
      advertiseClientUrls: ["http://127.0.0.1:2379"],
      log: createLog(sink, "x"),
    });
    const term = 2 as Term;
    trace({ kind: "become_follower", term, leader: null });
    trace({ kind: "become_candidate", term });
    trace({ kind: "become_leader", term });
    trace({ kind: "commit", index: 7 as Index });
    trace({ kind: "published" });
    trace({ kind: "become_follower", term: 3 as Term, leader: 0xbn as NodeId });
    trace({ kind: "become_pre_candidate", term: 3 as Term });
    const shown = lines.map((line) => {
      const { msg, address } = JSON.parse(line) as { msg: string; address?: string };
      return address === undefined ? msg : `${msg} ${address}`;
    });
    expect(shown).toEqual([
      "a became follower at term 2",
      "a became candidate at term 2",
      "a became leader at term 2",
      "raft.node: a elected leader a at term 2",
      "published local member to cluster through raft",
      "enabled capabilities for version",
      "ready to serve client requests 127.0.0.1:2379",
      "ready to serve client requests [::1]:2379",
      "a became follower at term 3",
      "raft.node: a changed leader from a to b at term 3",
      "a became pre-candidate at term 3",
      "raft.node: a lost leader b at term 3",
    ]);
  });
});
