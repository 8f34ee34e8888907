// The network between nodes, and between clients and nodes. It carries bytes, never objects.
//
// What becomes of a parcel is keyed by what it is: sender, receiver, kind, term, index, and how
// many equal ones went before. So another parcel more or less changes nobody else's fate. Peers may
// hear a parcel late, twice or never; a client's call is carried at most once, as a connection
// would.

import type { Digest } from "./digest.ts";
import type { Micros } from "../run/frame.ts";
import type { NetworkOptions, Ratio } from "../options/options.ts";
import type { Fates, Key } from "./random.ts";
import { derive } from "./random.ts";
import type { World } from "./world.ts";

/** A node by its number; clients count from `CLIENTS` on. */
export type Party = number;
export const CLIENTS: Party = 1000;

/** `Shown`: what screens are shown of a parcel; the network looks only whether there is any. */
export type Parcel<Shown> = Readonly<{
  from: Party;
  to: Party;
  name: readonly Key[]; // what it is; equal parcels have equal names
  bytes: Uint8Array;
  message: Shown | null; // null: not a peer message
  once: boolean; // never carried twice
  weightMicros: Micros; // of what goes over a line of its own: time that its size adds
  arrive: (bytes: Uint8Array) => void;
  lose: () => void;
}>;

/** Faults that concern every parcel, while they last. */
export type Weather = Readonly<
  { kind: "drop" | "duplicate" | "corrupt"; ratio: Ratio } | { kind: "delay"; upToMicros: Micros }
>;

/** A parcel between nodes that is under way. */
export type Flight<Shown> = Readonly<{
  id: number;
  from: Party;
  to: Party;
  message: Shown | null;
  sentAt: Micros;
  arrivesAt: Micros;
}>;

type Launched<Shown> = Readonly<{ parcel: Parcel<Shown>; sentAt: Micros; arrivesAt: Micros }>;

export type NetworkCounts = { sent: number; lost: number; duplicated: number; corrupted: number };

/** Questions about the fate of one parcel. Part of what a seed means: append only. */
const LANES = {
  drop: 1,
  duplicate: 2,
  corrupt: 3,
  delay: 4,
  isTail: 5,
  tail: 6,
  isReordered: 7,
  reordered: 8,
  late: 9,
  slow: 10,
  bit: 11,
  burst: 16, // and those of drop, duplicate and corrupt behind it
} as const;

const FORGET_ABOVE = 100_000; // names remembered for counting equal parcels
const CALM: Omit<NetworkOptions, "frameBytes" | "kilobyteMicros"> = {
  delayMicros: 300,
  tailMicros: 0,
  tail: [0, 1],
  drop: [0, 1],
  duplicate: [0, 1],
  lateMicros: 0,
  reorder: [0, 1],
};

export class Network<Shown> {
  readonly counts: NetworkCounts = { sent: 0, lost: 0, duplicated: 0, corrupted: 0 };
  readonly #world: World;
  readonly #fates: Fates;
  readonly #digest: Digest; // of the run: everything that is sent counts
  #options: NetworkOptions;
  readonly #cut = new Map<number, number>(); // link → how many faults cut it
  readonly #clogged = new Map<number, number>();
  readonly #waiting = new Map<number, (() => void)[]>(); // what a clogged link holds
  readonly #busyUntil = new Map<number, Micros>(); // by link
  readonly #weather = new Set<Weather>();
  readonly #seen = new Map<number, number>(); // name → how many so far
  readonly #flights = new Map<number, Launched<Shown>>();
  #launched = 0;

  constructor(world: World, fates: Fates, options: NetworkOptions, digest: Digest) {
    this.#world = world;
    this.#fates = fates;
    this.#digest = digest;
    this.#options = options;
  }

  send(parcel: Parcel<Shown>): void {
    this.counts.sent += 1;
    this.#digest.number(parcel.to);
    this.#digest.bytes(parcel.bytes);
    const fate = this.#fateOf(parcel);
    if (
      this.#isRefused(parcel) ||
      this.#isCut(parcel.from, parcel.to) ||
      this.#strikes("drop", fate)
    ) {
      this.counts.lost += 1;
      parcel.lose();
      return;
    }
    this.#launch(parcel, this.#delay(fate) + this.#transfer(parcel), this.#carried(parcel, fate));
    if (parcel.once || !this.#strikes("duplicate", fate)) return;
    this.counts.duplicated += 1;
    const late = derive(fate, LANES.late, this.#options.lateMicros + 1);
    this.#launch(parcel, this.#delay(fate) + late, parcel.bytes);
  }

  cut(from: Party, to: Party): void {
    add(this.#cut, link(from, to), 1);
  }

  mend(from: Party, to: Party): void {
    add(this.#cut, link(from, to), -1);
  }

  clog(from: Party, to: Party): void {
    add(this.#clogged, link(from, to), 1);
  }

  /** What waited comes at once, in the order in which it would have come. */
  unclog(from: Party, to: Party): void {
    const key = link(from, to);
    add(this.#clogged, key, -1);
    if (this.#clogged.has(key)) return;
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const arrive of waiting) this.#world.after(0, arrive);
  }

  begin(weather: Weather): void {
    this.#weather.add(weather);
  }

  end(weather: Weather): void {
    this.#weather.delete(weather);
  }

  /** From now on nothing is lost, doubled or late, unless somebody cuts again. Lines stay as wide
   *  as they are. */
  calm(): void {
    const { frameBytes, kilobyteMicros } = this.#options;
    this.#options = { ...CALM, frameBytes, kilobyteMicros };
  }

  flights(): readonly Flight<Shown>[] {
    const flights = Array.from(this.#flights, ([id, { parcel, sentAt, arrivesAt }]) => {
      const { from, to, message } = parcel;
      return {
        id,
        from,
        to,
        message,
        sentAt,
        arrivesAt,
      };
    });
    return flights.toSorted((a, b) => a.arrivesAt - b.arrivesAt || a.id - b.id);
  }

  get flying(): number {
    return this.#flights.size;
  }

  cuts(): readonly Readonly<{ from: Party; to: Party }>[] {
    const links = [...this.#cut.keys()].toSorted((a, b) => a - b);
    return links.map((key) => ({ from: Math.floor(key / 0x10000), to: key % 0x10000 }));
  }

  #launch(parcel: Parcel<Shown>, delay: Micros, bytes: Uint8Array): void {
    const { from, to } = parcel;
    const id = this.#launched++;
    const sentAt = this.#world.now;
    const arrivesAt = sentAt + delay;
    if (from < CLIENTS && to < CLIENTS) this.#flights.set(id, { parcel, sentAt, arrivesAt });
    const land = (): void => {
      if (this.#clogged.size > 0 && this.#clogged.has(link(from, to))) {
        return this.#wait(from, to, land);
      }
      this.#flights.delete(id);
      if (!this.#isCut(from, to)) return parcel.arrive(bytes);
      this.counts.lost += 1;
      parcel.lose();
    };
    this.#world.at(arrivesAt, land);
  }

  /** How long until its last byte is out: what was sent before goes first. */
  #transfer({ from, to, bytes, weightMicros }: Parcel<Shown>): Micros {
    const { kilobyteMicros } = this.#options;
    if (kilobyteMicros === 0 || weightMicros > 0) return weightMicros;
    const { now } = this.#world;
    const key = link(from, to);
    const begins = Math.max(now, this.#busyUntil.get(key) ?? 0);
    const ends = begins + Math.ceil((bytes.length * kilobyteMicros) / 1024);
    this.#busyUntil.set(key, ends);
    return ends - now;
  }

  #wait(from: Party, to: Party, land: () => void): void {
    const key = link(from, to);
    const waiting = this.#waiting.get(key) ?? [];
    waiting.push(land);
    this.#waiting.set(key, waiting);
  }

  /** 32 bits that stand for this very parcel, among equal ones too. */
  #fateOf({ from, to, name }: Parcel<Shown>): number {
    const equal = this.#fates.bits32([from, to, ...name]);
    const seen = equal | 0; // as a small integer: any other number is slow to look up
    const nth = this.#seen.get(seen) ?? 0;
    if (this.#seen.size > FORGET_ABOVE) this.#seen.clear();
    this.#seen.set(seen, nth + 1);
    return derive(equal, nth, 0x100000000);
  }

  #strikes(kind: "drop" | "duplicate" | "corrupt", fate: number): boolean {
    if (kind !== "corrupt" && holds(this.#options[kind], fate, LANES[kind])) return true;
    for (const weather of this.#weather) {
      if (weather.kind !== kind) continue;
      if (holds(weather.ratio, fate, LANES.burst + LANES[kind])) return true;
    }
    return false;
  }

  #delay(fate: number): Micros {
    const { delayMicros, tailMicros, tail, reorder } = this.#options;
    let delay = delayMicros + derive(fate, LANES.delay, delayMicros + 1);
    if (holds(tail, fate, LANES.isTail)) delay += derive(fate, LANES.tail, tailMicros + 1);
    if (holds(reorder, fate, LANES.isReordered)) {
      delay += 4 * delayMicros + derive(fate, LANES.reordered, 100 * delayMicros + 1);
    }
    for (const weather of this.#weather) {
      if (weather.kind === "delay") delay += derive(fate, LANES.slow, weather.upToMicros + 1);
    }
    return delay;
  }

  /** The bytes as they arrive: one bit may be wrong, which the receiver must notice. */
  #carried(parcel: Parcel<Shown>, fate: number): Uint8Array {
    if (parcel.once || parcel.bytes.length === 0) return parcel.bytes;
    if (!this.#strikes("corrupt", fate)) return parcel.bytes;
    this.counts.corrupted += 1;
    const damaged = parcel.bytes.slice();
    const bit = derive(fate, LANES.bit, 8 * damaged.length);
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    return damaged;
  }

  /** Whoever sent it never hears of it. */
  #isRefused({ message, bytes }: Parcel<Shown>): boolean {
    return message !== null && bytes.length > this.#options.frameBytes;
  }

  #isCut(from: Party, to: Party): boolean {
    return this.#cut.size > 0 && this.#cut.has(link(from, to));
  }
}

function holds([numerator, denominator]: Ratio, fate: number, lane: number): boolean {
  return numerator > 0 && derive(fate, lane, denominator) < numerator;
}

function link(from: Party, to: Party): number {
  return from * 0x10000 + to;
}

function add(counts: Map<number, number>, key: number, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
