// Who has to wait while many ask, on real threads.

import { hashSync } from "bcryptjs";
import { afterEach, describe, expect, it } from "vitest";
import { ERRORS } from "../core/api/errors.ts";
import type { Bytes, CallId, PasswordAnswer, PasswordWork } from "../core/contract.ts";
import { fromText } from "../core/lib/bytes.ts";
import { Passwords } from "./passwords.ts";

const COST = 4;
const THREADS_MAX = 4; // work that has begun when another one comes
const REFUSED: PasswordAnswer = { kind: "refused", error: ERRORS.TooManyRequests };
const HASH = fromText(hashSync("right", COST));

/** Calls have the number of their connection times a thousand, and count on. */
class Door {
  readonly answers: (readonly [call: number, answer: PasswordAnswer])[] = [];
  readonly gone = new Set<number>();
  readonly passwords = new Passwords({
    cost: COST,
    sign: null,
    connectionOf: (call) => (this.gone.has(call) ? null : Math.floor(call / 1000)),
    onDone: (call, answer) => this.#done(call, answer),
    onFailure: (error) => expect.fail(error.message),
  });
  readonly #awaited = new Map<number, (before: number) => void>();
  #asked = 0;

  /** Resolves with how many answers came before its own. */
  try(connection: number, password: string, user = "u"): Promise<number> {
    this.#asked += 1;
    const call = connection * 1000 + this.#asked;
    const check = { password, hash: HASH, user: user as Bytes, revision: 1 };
    return this.work(call, { kind: "check", ...check });
  }

  work(call: number, work: PasswordWork): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#awaited.set(call, resolve);
    this.passwords.perform(call as CallId, work);
    return promise;
  }

  #done(call: number, answer: PasswordAnswer): void {
    this.answers.push([call, answer]);
    this.#awaited.get(call)?.(this.answers.length - 1);
  }
}

let door = new Door();
afterEach(async () => {
  await door.passwords.close();
  door = new Door();
});

describe("passwords", () => {
  it("are checked and hashed", async () => {
    await Promise.all([
      door.try(1, "right"),
      door.try(1, "wrong"),
      door.work(2000, { kind: "hash", password: "x" }),
    ]);
    const kinds = new Map(door.answers.map(([call, { kind }]) => [call, kind]));
    expect(kinds.get(1001)).toBe("right");
    expect(kinds.get(1002)).toBe("wrong");
    expect(kinds.get(2000)).toBe("hashed");
  });

  it("of a connection that asks too much are refused, of others not", async () => {
    const flood = Array.from({ length: 100 }, () => door.try(1, "wrong"));
    const refused = door.answers.length;
    expect(refused).toBeGreaterThanOrEqual(100 - 16 - THREADS_MAX);
    expect(door.answers.every(([, answer]) => answer.kind === "refused")).toBe(true);
    expect(await door.try(2, "right")).toBeLessThanOrEqual(refused + THREADS_MAX + 1);
    await Promise.all(flood);
    expect(door.answers.filter(([, { kind }]) => kind === "right")).toHaveLength(1);
  });

  it("of a connection that has not guessed take turns with all that have", async () => {
    await Promise.all(Array.from({ length: 50 }, (_, at) => door.try(at + 1, "wrong")));
    const flood = Array.from({ length: 150 }, (_, at) => door.try((at % 50) + 1, "wrong"));
    const before = door.answers.length;
    const right = await door.try(99, "right");
    expect(right - before).toBeLessThanOrEqual(2 * THREADS_MAX);
    expect((await door.try(98, "right", "another")) - right).toBeLessThanOrEqual(2 * THREADS_MAX);
    await Promise.all(flood);
  });

  it("that are too many in all are refused to whoever has most of them waiting", async () => {
    const all: Promise<number>[] = [];
    for (let connection = 1; connection <= 75; connection++) {
      for (let nth = 0; nth < 14; nth++) all.push(door.try(connection, "right"));
    }
    const few = door.try(999, "right", "somebody else");
    await Promise.all([...all, few]);
    const refused = door.answers.filter(([, answer]) => answer.kind === "refused");
    expect(refused.length).toBeGreaterThanOrEqual(75 * 14 - 1024 - THREADS_MAX);
    expect(refused.some(([call]) => call >= 999_000)).toBe(false);
    expect(refused[0]?.[1]).toEqual(REFUSED);
  });

  it("that nobody waits for any more are not worked on", async () => {
    const begun = Array.from({ length: THREADS_MAX }, () => door.try(1, "right"));
    const left = door.try(2, "right");
    door.gone.add(2000 + THREADS_MAX + 1);
    await Promise.all([...begun, left]);
    const answer = door.answers.find(([call]) => call === 2000 + THREADS_MAX + 1)?.[1];
    expect(answer?.kind === "right").toBe(false);
  });
});
