// What stands in for bcrypt in the simulator: slow in virtual time, and free in real time. A hash
// shows its salt, which comes from the seed, so that equal runs store equal bytes.

import type { Bytes, CallId, PasswordAnswer, PasswordWork } from "../core/contract.ts";
import { fromText } from "../core/lib/bytes.ts";
import { Digest } from "./digest.ts";
import type { Micros } from "./frame.ts";
import type { Fates } from "./random.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TOKEN_LETTERS = 16;
const FASTEST_MICROS = 500;
const MORE_MICROS = 60_000;

export type Worked = Readonly<{ takes: Micros; answer: PasswordAnswer }>;

/** `life`, `call` and `nth`, with the node, tell one piece of work from all others. */
export function workOnPassword(
  fates: Fates,
  work: PasswordWork,
  who: Readonly<{ node: number; life: number; call: CallId; nth: number }>,
): Worked {
  const { node, life, call, nth } = who;
  const takes = FASTEST_MICROS + fates.below(MORE_MICROS, "password", node, life, call, nth);
  if (work.kind === "hash") {
    const salt = fates.bits64("salt", node, life, call, nth).toString(16);
    return { takes, answer: { kind: "hashed", hash: hashOf(salt, work.password) } };
  }
  const [, salt = ""] = work.hash.split("$");
  if (hashOf(salt, work.password) !== work.hash) return { takes, answer: { kind: "wrong" } };
  const letters = Array.from({ length: TOKEN_LETTERS }, (_, at) =>
    LETTERS.charAt(fates.below(LETTERS.length, "token", node, life, call, nth, at)),
  );
  return { takes, answer: { kind: "right", prefix: letters.join("") as Bytes, token: "" } };
}

function hashOf(salt: string, password: string): Bytes {
  const digest = new Digest();
  digest.text(salt);
  digest.text(password);
  return fromText(`sim$${salt}$${digest.hex()}`);
}
