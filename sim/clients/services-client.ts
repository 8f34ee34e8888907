// Somebody who comes by and uses what other clients do not: ranges in pieces, backups, probes of
// health, streams that are to end where there is no leader, and asks a leader to hand over. What a
// range in pieces tells goes into the history as what it is; the rest is judged here, or by the
// oracles of nodes.

import type { HealthRequest } from "../../core/api/request-health.ts";
import type { RangeRequest, Response, StreamRequest } from "../../core/api/request.ts";
import { rangeOf, watchOf } from "../../core/api/testing.ts";
import type { Term } from "../../core/contract.ts";
import { encoded, writeRaw } from "../../core/lib/binary.ts";
import { fromText } from "../../core/lib/bytes.ts";
import { pushAll } from "../../core/lib/lists.ts";
import { encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import type { ClientContext } from "./client.ts";
import { outcomeOf } from "./client.ts";
import type { SimOutcome } from "../record/history.ts";
import type { Counts } from "../record/tally.ts";

export type ServicesContext = ClientContext &
  Readonly<{
    wrong: (oracle: "pieces" | "backups" | "health" | "hand-over", message: string) => void;
    backup: (file: Uint8Array) => string | null | false; // false: nobody knows
    counts: Pick<Counts, "rangesInPieces" | "backups" | "endedWithoutLeader">;
    leaders: ReadonlyMap<Term, number>; // by term: who led, by number
  }>;

type RangeOutcome = Extract<Response, { kind: "range" }>;
type Heard = (response: Response) => void;
/** What became of it: all was said, it broke off, or (null) its time was over. */
type Ended = (outcome: SimOutcome | "done" | null) => void;
type Listening = Readonly<{ requireLeader: boolean; forMs: number; heard: Heard; ended: Ended }>;

/** Behind the numbers of all other clients. */
const FIRST = 400;
const INTERVAL_MICROS = 400_000;
const CALM_MS = 20_000; // how long a stream is held on which nothing need be said

export class ServicesClient {
  readonly #number: number;
  readonly #context: ServicesContext;
  #acts = 0;
  #calls = 0;

  constructor(number: number, context: ServicesContext) {
    this.#number = FIRST + number;
    this.#context = context;
  }

  start(): void {
    const { world, endsAt } = this.#context;
    const time = world.now + INTERVAL_MICROS / 2 + this.#draw(INTERVAL_MICROS);
    if (time >= endsAt) return;
    world.at(time, () => {
      this.start();
      this.#act();
    });
  }

  #act(): void {
    switch (this.#draw(10)) {
      case 0:
      case 1:
        return this.#backUp();
      case 2:
        return this.#probe();
      case 3:
        return this.#follow();
      case 4:
      case 5:
        return this.#watch();
      case 6:
        return this.#depose();
      case 7:
        return this.#defragment();
      default:
        return this.#readInPieces();
    }
  }

  /** Put together, the pieces are the answer to the range, and judged as any other. */
  #readInPieces(): void {
    const { recorder } = this.#context;
    const range = this.#range();
    const call = recorder.begin(this.#number, range, null);
    const kvs: RangeOutcome["kvs"][number][] = [];
    let whole: RangeOutcome | null = null;
    this.#listen(
      { kind: "range_stream", range },
      {
        ...this.#patience(),
        requireLeader: false,
        heard: (piece) => {
          if (piece.kind !== "range_stream") return;
          if (whole !== null) this.#context.wrong("pieces", "a piece came after the last one");
          pushAll(kvs, piece.kvs);
          const { header, more, count } = piece;
          if (piece.isLast) whole = { kind: "range", header, kvs, more, count };
        },
        ended: (outcome) => {
          if (outcome !== "done") return recorder.end(call, outcome ?? NOTHING);
          if (whole === null) return this.#context.wrong("pieces", "the last piece never came");
          this.#context.counts.rangesInPieces += 1;
          recorder.end(call, { kind: "ok", output: whole });
        },
      },
    );
  }

  #range(): RangeRequest {
    const from = this.#draw(3) === 0 ? `k${this.#draw(this.#context.options.keys)}` : "k";
    return rangeOf(from, {
      rangeEnd: fromText("l"),
      limit: this.#draw(3) === 0 ? 1 + this.#draw(15) : 0,
      serializable: this.#draw(4) === 0,
      keysOnly: this.#draw(6) === 0,
      countOnly: this.#draw(8) === 0,
    });
  }

  #backUp(): void {
    const pieces: Uint8Array[] = [];
    this.#listen(
      { kind: "snapshot" },
      {
        ...this.#patience(),
        requireLeader: false,
        heard: (piece) => {
          if (piece.kind === "snapshot") pieces.push(piece.blob);
        },
        ended: (outcome) => {
          if (outcome !== "done") return;
          const file = encoded((writer) => {
            for (const piece of pieces) writeRaw(writer, piece);
          });
          const complaint = this.#context.backup(file);
          if (complaint === false) return;
          this.#context.counts.backups += 1;
          if (complaint !== null) this.#context.wrong("backups", complaint);
        },
      },
    );
  }

  /** Whoever answers is healthy; who wants a leader says so. */
  #probe(): void {
    const requireLeader = this.#draw(2) === 0;
    const isList = this.#draw(3) === 0;
    const request: HealthRequest = isList
      ? { kind: "health_list" }
      : { kind: "health_check", service: this.#draw(4) === 0 ? "stranger" : "" };
    this.#ask(this.#node(), request, requireLeader, (outcome) => {
      if (outcome.kind === "failed" && outcome.error.name === "NoLeader" && !requireLeader) {
        this.#context.wrong(
          "health",
          "a probe that asked for no leader was refused for want of one",
        );
      }
      if (outcome.kind !== "ok" || outcome.output.kind !== "health_check") return;
      if (outcome.output.status !== "serving") {
        this.#context.wrong("health", `a member that answers is ${outcome.output.status}`);
      }
    });
  }

  /** The first word comes at once, and nothing changes as long as the member lives. */
  #follow(): void {
    let said = 0;
    this.#listen(
      { kind: "health_watch", service: "" },
      {
        ...this.#patience(),
        requireLeader: false,
        heard: (response) => {
          said += 1;
          if (response.kind !== "health_watch") return;
          if (response.status === "serving" && said === 1) return;
          this.#context.wrong(
            "health",
            `word ${said} of a member is that it is ${response.status}`,
          );
        },
        ended: () => {},
      },
    );
  }

  /** Nothing need be told: it is about when such a stream ends (invariants/leader-guards.ts). */
  #watch(): void {
    const requireLeader = this.#draw(4) > 0;
    const ask = watchOf("nobody's");
    this.#listen(
      { kind: "watch", ask },
      {
        requireLeader,
        forMs: CALM_MS,
        heard: () => {},
        ended: (outcome) => {
          if (outcome === null || outcome === "done") return;
          const isFailed = outcome.kind === "failed" && outcome.error.name === "NoLeader";
          this.#context.counts.endedWithoutLeader += Number(isFailed);
        },
      },
    );
  }

  /** Whoever is told that it is done can be sure that the chosen one has led, and no earlier than
   *  the one who says so: it may have been deposed itself, and not know yet. */
  #depose(): void {
    const { line, nodes, leaders } = this.#context;
    const to = 1 + this.#draw(nodes);
    const asked = this.#node();
    const led = (node: number): number => lastTerm(leaders, node);
    const before = led(asked);
    const request = { kind: "move_leader", targetId: line.idOf(to) } as const;
    this.#ask(asked, request, false, ({ kind }) => {
      if (kind !== "ok" || (led(to) > 0 && led(to) >= before)) return;
      const when = led(to) === 0 ? "never has" : `has not since term ${led(to)}`;
      this.#context.wrong("hand-over", `node ${to} is said to lead, and ${when}`);
    });
  }

  /** The oracles see whether anything is lost by it. */
  #defragment(): void {
    this.#ask(this.#node(), { kind: "defragment" }, false, () => {});
  }

  #patience(): Pick<Listening, "forMs"> {
    return { forMs: this.#context.options.timeoutMs };
  }

  #listen(request: StreamRequest, { requireLeader, forMs, heard, ended }: Listening): void {
    const { line, world } = this.#context;
    const path = pathOf(request);
    const dawdles = this.#draw(2) * this.#draw(200_000);
    let isOpen = true;
    const end = line.open(this.#node(), {
      client: this.#number,
      path,
      token: "",
      requireLeader,
      dawdle: () => dawdles,
      hears: (reply) => {
        if (!isOpen) return;
        const isDone = reply.kind === "status" && reply.code === 0;
        const outcome = isDone ? null : outcomeOf(path, reply);
        if (outcome?.kind === "ok") return heard(outcome.output);
        isOpen = false;
        ended(outcome ?? "done");
      },
    });
    end.say(encodeRequest(request));
    world.after(forMs * 1000, () => {
      if (!isOpen) return;
      isOpen = false;
      end.leave();
      ended(null);
    });
  }

  /** What is asked here is no part of the history: no key depends on it. */
  #ask(
    node: number,
    request: Parameters<typeof encodeRequest>[0],
    requireLeader: boolean,
    done: (outcome: SimOutcome) => void,
  ): void {
    const { line, options, world } = this.#context;
    const path = pathOf(request);
    const id = -1 - 1000 * this.#number - this.#calls++; // in no history
    const { timeoutMs } = options;
    const bytes = encodeRequest(request);
    const call = { id, client: this.#number, path, bytes, token: "", timeoutMs, requireLeader };
    let waiting = true;
    line.call(node, call, (reply) => {
      if (waiting) done(outcomeOf(path, reply));
      waiting = false;
    });
    world.after(timeoutMs * 1000, () => {
      if (waiting) line.cancel(node, call);
      waiting = false;
    });
  }

  #node(): number {
    return 1 + this.#draw(this.#context.nodes);
  }

  #draw(limit: number): number {
    return this.#context.fates.below(limit, "visitor", this.#number, this.#acts++);
  }
}

const NOTHING: SimOutcome = { kind: "unknown", error: null };

/** The last term that the node has led; zero: none. */
function lastTerm(leaders: ReadonlyMap<Term, number>, node: number): number {
  let last = 0;
  for (const [term, who] of leaders) if (who === node && term > last) last = term;
  return last;
}
