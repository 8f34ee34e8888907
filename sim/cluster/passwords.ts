// What stands in for bcrypt in the simulator: slow in virtual time, and free in real time. A hash
// shows its salt, which comes from the seed, so that equal runs store equal bytes.

import type { Bytes, CallId, PasswordAnswer, PasswordWork } from "../../core/contract.ts";
import { ERRORS } from "../../core/api/errors.ts";
import { fromText } from "../../core/lib/bytes.ts";
import { Digest } from "../world/digest.ts";
import type { Micros } from "../run/frame.ts";
import type { Ratio } from "../options/options.ts";
import type { Fates } from "../world/random.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TOKEN_LETTERS = 16;
const FASTEST_MICROS = 500;
const MORE_MICROS = 60_000;
/** When many others ask as well, it takes longer than a client waits, or there is no room. */
const CROWDED_MICROS = 8_000_000;

export type Worked = Readonly<{ takes: Micros; answer: PasswordAnswer }>;

/** Tells one piece of work from all others. */
type Who = Readonly<{ node: number; life: number; call: CallId; nth: number }>;

export function workOnPassword(
  fates: Fates,
  work: PasswordWork,
  [crowds, of]: Ratio,
  { node, life, call, nth }: Who,
): Worked {
  const isCrowded = fates.chance(crowds, of, "crowd", node, life, call, nth);
  if (isCrowded && fates.chance(1, 2, "no room", node, life, call, nth)) {
    return { takes: 0, answer: { kind: "refused", error: ERRORS.TooManyRequests } };
  }
  const more = isCrowded ? CROWDED_MICROS : MORE_MICROS;
  const takes = FASTEST_MICROS + fates.below(more, "password", node, life, call, nth);
  return { takes, answer: answerTo(fates, work, { node, life, call, nth }) };
}

function answerTo(fates: Fates, work: PasswordWork, who: Who): PasswordAnswer {
  const { node, life, call, nth } = who;
  if (work.kind === "hash") {
    const salt = fates.bits64("salt", node, life, call, nth).toString(16);
    return { kind: "hashed", hash: hashOf(salt, work.password) };
  }
  const [, salt = ""] = work.hash.split("$");
  if (hashOf(salt, work.password) !== work.hash) return { kind: "wrong" };
  const letters = Array.from({ length: TOKEN_LETTERS }, (_, at) =>
    LETTERS.charAt(fates.below(LETTERS.length, "token", node, life, call, nth, at)),
  );
  return { kind: "right", prefix: letters.join("") as Bytes, token: "" };
}

function hashOf(salt: string, password: string): Bytes {
  const digest = new Digest();
  digest.text(salt);
  digest.text(password);
  return fromText(`sim$${salt}$${digest.hex()}`);
}
