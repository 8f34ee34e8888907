// What a step and a persistent insert cost, in this process and nothing else.

import { putOf, rangeOf } from "../core/api/testing.ts";
import type { Bytes } from "../core/contract.ts";
import { createOrderedMap, get, set } from "../core/lib/ordered-map.ts";
import { startNodeAlone } from "./node-alone.ts";
import type { Figure, Report } from "./report.ts";

const ROUNDS = 5;
const KEYS = 200_000;
const CALLS = 20_000;

export function benchCore(): Report {
  const figures: Figure[] = [...orderedMap(), ...calls()];
  return { suite: "core", command: "npm run bench -- core", figures };
}

function orderedMap(): readonly Figure[] {
  const inserts: number[] = [];
  const lookups: number[] = [];
  const keys = Array.from({ length: KEYS }, (_, n) => shuffledKey(n));
  for (let round = 0; round < ROUNDS; round++) {
    let map = createOrderedMap<Bytes, number>();
    inserts.push(microsEach(KEYS, (n) => (map = set(map, keys[n] as Bytes, n))));
    lookups.push(microsEach(KEYS, (n) => get(map, keys[n] as Bytes)));
  }
  return [
    { name: `ordered map: insert, growing to ${KEYS} keys`, unit: "µs", rounds: inserts },
    { name: `ordered map: get among ${KEYS} keys`, unit: "µs", rounds: lookups },
  ];
}

function calls(): readonly Figure[] {
  const puts: number[] = [];
  const steps: number[] = [];
  const ranges: number[] = [];
  const value = "v".repeat(256);
  for (let round = 0; round < ROUNDS; round++) {
    const node = startNodeAlone();
    let taken = 0;
    const put = microsEach(CALLS, (n) => (taken += node.call(putOf(shuffledKey(n), value))));
    puts.push(put);
    steps.push((put * CALLS) / taken);
    ranges.push(microsEach(CALLS, (n) => node.call(rangeOf(shuffledKey(n)))));
  }
  return [
    { name: "put of 256 bytes, one member, all its steps", unit: "µs", rounds: puts },
    { name: "put of 256 bytes, one member, each step", unit: "µs", rounds: steps },
    { name: "linearizable range of one key, one member", unit: "µs", rounds: ranges },
  ];
}

function microsEach(times: number, what: (n: number) => unknown): number {
  const start = performance.now();
  for (let n = 0; n < times; n++) what(n);
  return ((performance.now() - start) * 1000) / times;
}

/** Forty bytes, in an order that is not the order of the keys. */
function shuffledKey(n: number): Bytes {
  const spread = Math.imul(n, 2654435761) >>> 0;
  return `/registry/pods/default/${spread.toString(16).padStart(17, "0")}` as Bytes;
}
