// Well-formed messages of any kind, drawn from the tables of the codec: every field of every
// request, with the values that break things most often, and now and then one near the limits.

import { fromText } from "../../core/lib/bytes.ts";
import { CODEC, MESSAGES } from "../../net/wire/messages/etcd-messages.ts";
import type { MessageName } from "../../net/wire/messages/etcd-messages.ts";
import { scalarOf } from "../../net/wire/protobuf/protobuf.ts";
import type { Row } from "../../net/wire/protobuf/protobuf.ts";
import type { Dice } from "./chance.ts";

const DEPTH_MAX = 4;
const LARGE_BYTES = 1024 * 1024;
const KEYS = ["", "a", "b", "k", "\0", "z", "role", "root", "\xff"];
const INTEGERS = [0, 1, 2, 3, 5, 1000, -1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1];

export function drawMessage(name: MessageName, dice: Dice): Uint8Array {
  return CODEC.encode(name, drawFields(name, dice, 0));
}

function drawFields(name: MessageName, dice: Dice, depth: number): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  let chosen = false;
  for (const [field, row] of Object.entries(MESSAGES[name]) as [string, Row][]) {
    const [, type, label] = row;
    if (dice.one(3) || (type in MESSAGES && depth >= DEPTH_MAX)) continue;
    if (label === "oneof") {
      if (chosen || dice.one(2)) continue;
      chosen = true;
    }
    const value = (): unknown => drawValue(type, dice, depth);
    message[field] = label === "repeated" ? Array.from({ length: lengthOf(dice) }, value) : value();
  }
  return message;
}

function drawValue(type: string, dice: Dice, depth: number): unknown {
  if (type in MESSAGES) return drawFields(type as MessageName, dice, depth + 1);
  switch (scalarOf(type)) {
    case "bool":
      return dice.one(2);
    case "enum":
    case "uint32":
      return dice.below(5);
    case "bytes":
      return new Uint8Array(dice.one(60) ? dice.below(LARGE_BYTES) : dice.below(40)).fill(
        dice.below(256),
      );
    case "key":
    case "string":
      return fromText(dice.one(80) ? "n".repeat(dice.below(5000)) : dice.pick(KEYS));
    default:
      return type === "uint64" ? Math.abs(dice.pick(INTEGERS)) : dice.pick(INTEGERS);
  }
}

function lengthOf(dice: Dice): number {
  return dice.one(50) ? dice.below(300) : dice.below(4);
}
