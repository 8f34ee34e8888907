// A client whose every call is as large as it may be (sim/clients/giant-workload.ts), and who opens
// crowds of watches that it then reads slowly.

import type { WatchRequest } from "../../core/api/request.ts";
import { watchOf } from "../../core/api/testing.ts";
import type { Limits } from "../../core/config.ts";
import { encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import type { ClientContext } from "./client.ts";
import { makeCall } from "./client.ts";
import { chooseGiant, overwrite } from "./giant-workload.ts";
import type { Sizes } from "../options/sizes.ts";
import { STOCK, stockKey } from "../cluster/initial-data.ts";
import type { Counts } from "../record/tally.ts";

export type GiantContext = ClientContext &
  Readonly<{ sizes: Sizes; limits: Limits; counts: Pick<Counts, "largeCalls" | "crowds"> }>;

const PATH = pathOf({ kind: "watch", ask: { kind: "nothing" } });
/** Behind the numbers of all other clients. */
const FIRST = 500;
const OTHER_HAND = 50;
const MEANWHILE_MICROS = 5000;
const PAUSE_MICROS = 80_000;
const CROWD_MS = 2000; // how long one is held
const CROWD_ONE_IN = 6;
const WIDE = 2;
const BYTES_A_MILLI = 1000; // that a slow reader reads

export class Giant {
  readonly #number: number;
  readonly #context: GiantContext;
  #acts = 0;
  #revision = 1;

  constructor(number: number, context: GiantContext) {
    this.#number = FIRST + number;
    this.#context = context;
  }

  /** The next call, a while after the one before came to something. */
  start(): void {
    const { world, endsAt, fates } = this.#context;
    const nth = ++this.#acts;
    const pause = fates.below(PAUSE_MICROS, "giant", this.#number, nth, "pause");
    world.after(PAUSE_MICROS + pause, () => {
      if (world.now < endsAt) this.#act(nth);
    });
  }

  #act(nth: number): void {
    const { fates, world, sizes, limits, nodes, counts } = this.#context;
    const draw = (limit: number, what: string): number =>
      fates.below(limit, "giant", this.#number, nth, what);
    const node = 1 + draw(nodes, "node");
    if (sizes.watchers > 0 && draw(CROWD_ONE_IN, "crowd") === 0) return this.#watch(node, draw);
    const name = `g${this.#number}.${nth}`;
    const around = { name, sizes, limits, revision: this.#revision };
    counts.largeCalls += 1;
    const request = chooseGiant(draw, around);
    if (request.kind === "range" && draw(2, "meddle") === 0) {
      world.after(draw(MEANWHILE_MICROS, "meanwhile"), () => this.#meddle(name, node));
    }
    makeCall(this.#context, this.#number, node, request, null, (outcome) => {
      if (outcome.kind === "ok") {
        this.#revision = Math.max(this.#revision, outcome.output.header.revision);
      }
      this.start();
    });
  }

  /** Writes over the end of what is being read, and gives up what was there. */
  #meddle(name: string, node: number): void {
    const hand = this.#number + OTHER_HAND;
    const puts = overwrite(`${name}m`, this.#context);
    makeCall(this.#context, hand, node, puts, null, (outcome) => {
      if (outcome.kind !== "ok") return;
      const { revision } = outcome.output.header;
      const compact = { kind: "compact", revision, physical: false } as const;
      makeCall(this.#context, hand, node, compact, null, () => {});
    });
  }

  /** A few watch everything, and each of the others one key: what is told grows with neither. */
  #watch(node: number, draw: (limit: number, what: string) => number): void {
    const { line, world, sizes, counts } = this.#context;
    const startRevision = Number(draw(4, "past") === 0);
    const ask = watchOf("", "", { startRevision, fragment: draw(2, "fragment") === 0 });
    const askOf = (nth: number): WatchRequest => {
      if (nth < WIDE)
        return { kind: "watch", ask: { ...ask, key: STOCK.key, rangeEnd: STOCK.end } };
      const key = stockKey(draw(Math.max(1, sizes.keys), `key ${nth}`));
      return { kind: "watch", ask: { ...ask, key } };
    };
    let isOpen = true;
    const end = line.open(node, {
      client: this.#number,
      path: PATH,
      token: "",
      requireLeader: false,
      dawdle: (size) => 1000 * Math.floor(size / BYTES_A_MILLI),
      hears: (reply) => {
        if (reply.kind !== "response") isOpen = false;
      },
    });
    counts.crowds += 1;
    for (let nth = 0; nth < sizes.watchers; nth++) end.say(encodeRequest(askOf(nth)));
    world.after(CROWD_MS * 1000, () => {
      if (isOpen) end.leave();
      this.start();
    });
  }
}
