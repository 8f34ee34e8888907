// Whose turn it is while many ask. All but the first case play the threads by hand.

import { hashSync } from "bcryptjs";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../../core/api/errors.ts";
import type { Bytes, CallId, PasswordAnswer, PasswordWork } from "../../core/contract.ts";
import type { PasswordOrder } from "./password-threads.ts";
import { PasswordThreads } from "./password-threads.ts";
import type { PasswordsOptions } from "./passwords.ts";
import { Passwords } from "./passwords.ts";

const COST = 4;
const REFUSED: PasswordAnswer = { kind: "refused", error: ERRORS.TooManyRequests };

/** Calls have the number of their connection times a thousand, and count on. One thread, which
 *  takes the password "right" for right. */
class Door {
  readonly answers: (readonly [call: number, answer: PasswordAnswer])[] = [];
  readonly gone = new Set<number>();
  #working: (() => void) | null = null;
  #asked = 0;
  readonly #passwords = createPasswords({
    connectionOf: (call) => (this.gone.has(call) ? null : Math.floor(call / 1000)),
    onDone: (call, answer) => this.answers.push([call, answer]),
    threads: this.#thread(),
  });

  try(connection: number, password: string, user = "u"): number {
    this.#asked += 1;
    const call = connection * 1000 + this.#asked;
    this.#passwords.perform(call as CallId, checkOf(password, user));
    return call;
  }

  /** The thread is through with so many, or all. */
  work(count = 10_000): void {
    for (let at = 0; at < count && this.#working !== null; at++) {
      const done = this.#working;
      this.#working = null;
      done();
    }
  }

  /** How many others were worked on before this call. */
  before(call: number): number {
    return this.worked.indexOf(call);
  }

  get worked(): readonly number[] {
    return this.answers.filter(([, { kind }]) => kind !== "refused").map(([call]) => call);
  }

  get refused(): readonly number[] {
    return this.answers.filter(([, { kind }]) => kind === "refused").map(([call]) => call);
  }

  #thread(): PasswordsOptions["threads"] {
    const isIdle = (): boolean => this.#working === null;
    return {
      get hasIdle() {
        return isIdle();
      },
      carryOut: (order, onDone) => (this.#working = () => onDone(order.password === "right")),
      close: async () => undefined,
    };
  }
}

function createPasswords(
  more: Pick<PasswordsOptions, "connectionOf" | "onDone" | "threads">,
): Passwords {
  return new Passwords({ cost: COST, sign: null, ...more });
}

function checkOf(password: string, user: string, hash: Bytes = "" as Bytes): PasswordWork {
  return { kind: "check", password, hash, user: user as Bytes, revision: 1 };
}

describe("passwords", () => {
  it("are checked and hashed on threads", async () => {
    const orders: readonly PasswordOrder[] = [
      { kind: "check", password: "right", hash: hashSync("right", COST) },
      { kind: "check", password: "wrong", hash: hashSync("right", COST) },
      { kind: "check", password: "x", hash: "no hash" },
      { kind: "hash", password: "x", cost: COST },
    ];
    const threads = new PasswordThreads((error) => expect.fail(error.message));
    const results: (string | boolean)[] = [];
    for (const order of orders) {
      expect(threads.hasIdle).toBe(true);
      results.push(await new Promise((resolve) => threads.carryOut(order, resolve)));
    }
    await threads.close();
    expect(results).toEqual([true, false, false, expect.stringContaining("$04$")]);
  });

  it("of a connection that asks too much are refused, of others not", () => {
    const door = new Door();
    for (let at = 0; at < 100; at++) door.try(1, "wrong");
    expect(door.refused).toHaveLength(100 - 16 - 1);
    const right = door.try(2, "right");
    door.work();
    expect(door.before(right)).toBe(2);
    expect(door.answers.find(([call]) => call === right)?.[1].kind).toBe("right");
    expect(door.answers[0]?.[1]).toEqual(REFUSED);
  });

  it("of a connection that has not guessed take turns with all that have", () => {
    const door = new Door();
    for (let connection = 1; connection <= 50; connection++) door.try(connection, "wrong");
    door.work();
    for (let at = 0; at < 150; at++) door.try((at % 50) + 1, "wrong");
    const [same, other] = [door.try(98, "right"), door.try(99, "right", "another")];
    door.work();
    expect(door.before(same) - 50).toBeLessThanOrEqual(3);
    expect(door.before(other) - 50).toBeLessThanOrEqual(3);
  });

  it("that are too many in all are refused to whoever has most of them waiting", () => {
    const door = new Door();
    const few = door.try(999, "right", "somebody else");
    for (let connection = 1; connection <= 75; connection++) {
      for (let nth = 0; nth < 14; nth++) door.try(connection, "right");
    }
    expect(door.refused).toHaveLength(75 * 14 - 1024);
    const last = door.try(998, "right", "somebody else");
    door.work();
    expect(door.refused.every((call) => call < 998_000)).toBe(true);
    expect(door.before(few)).toBe(0);
    expect(door.before(last)).toBeLessThanOrEqual(2);
  });

  it("that nobody waits for any more are not worked on", () => {
    const door = new Door();
    door.try(1, "right");
    door.gone.add(door.try(2, "right"));
    const last = door.try(3, "right");
    door.work();
    expect(door.before(last)).toBe(1);
  });
});
