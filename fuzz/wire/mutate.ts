// Bytes as no client should send them: cut, doubled, turned over, with numbers and lengths that
// cannot be, of the wrong type, nested too deep, not UTF-8.

import { concat } from "../../net/http2/testing.ts";
import type { Dice } from "./chance.ts";

const HUGE = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1);
const ENDLESS = new Uint8Array(20).fill(0x80);
const NESTED_MAX = 3000;

type Mutation = (bytes: Uint8Array, dice: Dice) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  (bytes, dice) => bytes.map((byte, at) => (at === dice.below(bytes.length) ? byte ^ 0xff : byte)),
  (bytes, dice) => changed(bytes, dice, (byte) => byte ^ (1 << dice.below(8))),
  (bytes, dice) => bytes.slice(0, dice.below(bytes.length + 1)),
  (bytes, dice) => bytes.slice(dice.below(bytes.length + 1)),
  (bytes) => concat(bytes, bytes),
  (bytes, dice) => inserted(bytes, dice, HUGE),
  (bytes, dice) => inserted(bytes, dice, ENDLESS),
  (bytes, dice) => inserted(bytes, dice, Uint8Array.of(0xc3, 0x28)), // no UTF-8
  (bytes, dice) => concat(Uint8Array.of(8 * (1 + dice.below(15)) + dice.below(8)), bytes),
  (bytes, dice) => concat(Uint8Array.of(8 * (1 + dice.below(15)) + 2), HUGE.slice(0, 5), bytes),
  (bytes, dice) => nested(bytes, dice.below(NESTED_MAX), dice.pick([0x0a, 0x12, 0x1a, 0x22])),
  (_, dice) => new Uint8Array(dice.below(200)).map(() => dice.below(256)),
];

export function mutate(bytes: Uint8Array, dice: Dice): Uint8Array {
  let mutated = bytes;
  for (let times = 1 + dice.below(3); times > 0; times--) {
    mutated = dice.pick(MUTATIONS)(mutated, dice);
  }
  return mutated;
}

function changed(bytes: Uint8Array, dice: Dice, change: (byte: number) => number): Uint8Array {
  const at = dice.below(bytes.length + 1);
  return bytes.map((byte, each) => (each === at ? change(byte) : byte));
}

function inserted(bytes: Uint8Array, dice: Dice, more: Uint8Array): Uint8Array {
  const at = dice.below(bytes.length + 1);
  return concat(bytes.subarray(0, at), more, bytes.subarray(at));
}

/** In so many messages, each in the next; their lengths are those of what they hold, up to one
 *  byte's worth. */
function nested(bytes: Uint8Array, depth: number, tag: number): Uint8Array {
  const heads: number[] = [];
  for (let level = 0; level < depth; level++) heads.push(tag, Math.min(127, 2 * (depth - level)));
  return concat(Uint8Array.from(heads), bytes);
}
