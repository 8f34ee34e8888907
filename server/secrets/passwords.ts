// Passwords, hashed and checked by bcrypt on threads of their own: one takes a tenth of a second,
// and a member that does nothing else for so long misses its heartbeats.
//
// Users take turns; of one user, connections that have shown no wrong password take turns with
// those that have; and of these the connections themselves. So whoever guesses waits behind
// himself, and hears that these are too many requests when too many of his wait. What nobody waits
// for any more is not worked on.

import { randomInt } from "node:crypto";
import { ERRORS } from "../../core/api/errors.ts";
import type { Bytes, CallId, PasswordAnswer, PasswordWork } from "../../core/contract.ts";
import { fromText } from "../../core/lib/bytes.ts";
import type { Path } from "./fair-queue.ts";
import { FairQueue } from "./fair-queue.ts";
import type { PasswordOrder, PasswordThreads } from "./password-threads.ts";

export type PasswordsOptions = Readonly<{
  cost: number; // --bcrypt-cost
  /** Makes the token of a user who has shown the right password. Null: tokens are simple. */
  sign: Sign | null;
  /** The connection that a call came by. Null: nobody waits for it any more. */
  connectionOf: (call: CallId) => number | null;
  onDone: (call: CallId, answer: PasswordAnswer) => void;
  threads: Pick<PasswordThreads, "hasIdle" | "carryOut" | "close">;
}>;

export type Sign = (user: Bytes, revision: number) => PasswordAnswer;

type Job = Readonly<{ call: CallId; work: PasswordWork; connection: number }>;

/** That wait, of one connection and of all. */
const SHARE_MAX = 16;
const WAITING_MAX = 1024;
/** Connections that are remembered for a wrong password. */
const GUESSERS_MAX = 4096;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TOKEN_LETTERS = 16;

export class Passwords {
  readonly #options: PasswordsOptions;
  readonly #waiting = new FairQueue<Job>();
  readonly #guessers = new Set<number>();

  constructor(options: PasswordsOptions) {
    this.#options = options;
  }

  perform(call: CallId, work: PasswordWork): void {
    const connection = this.#options.connectionOf(call);
    if (connection === null) return this.#refuse(call);
    const path = this.#pathOf(work, connection);
    if (this.#waiting.sizeOf(path) >= SHARE_MAX) return this.#refuse(call);
    this.#waiting.add(path, { call, work, connection });
    const tooMany = this.#waiting.size > WAITING_MAX ? this.#waiting.takeFromHeaviest() : null;
    if (tooMany !== null) this.#refuse(tooMany.call);
    this.#order();
  }

  async close(): Promise<void> {
    while (this.#waiting.take() !== null);
    await this.#options.threads.close();
  }

  #pathOf(work: PasswordWork, connection: number): Path {
    const user = work.kind === "check" ? `user ${work.user}` : "nobody yet";
    return [user, this.#guessers.has(connection) ? "has guessed" : "has not", connection];
  }

  #order(): void {
    const { threads, connectionOf } = this.#options;
    while (threads.hasIdle) {
      const job = this.#waiting.take();
      if (job === null) return;
      if (connectionOf(job.call) === null) this.#refuse(job.call);
      else threads.carryOut(this.#orderOf(job.work), (result) => this.#finish(job, result));
    }
  }

  #orderOf(work: PasswordWork): PasswordOrder {
    if (work.kind === "check") return { kind: "check", password: work.password, hash: work.hash };
    return { kind: "hash", password: work.password, cost: this.#options.cost };
  }

  #finish({ call, work, connection }: Job, result: string | boolean): void {
    if (result === false) this.#noteGuess(connection);
    else this.#guessers.delete(connection);
    this.#options.onDone(call, this.#answer(work, result));
    this.#order();
  }

  #noteGuess(connection: number): void {
    this.#guessers.add(connection);
    if (this.#guessers.size <= GUESSERS_MAX) return;
    for (const oldest of this.#guessers) return void this.#guessers.delete(oldest);
  }

  #refuse(call: CallId): void {
    this.#options.onDone(call, { kind: "refused", error: ERRORS.TooManyRequests });
  }

  #answer(work: PasswordWork, result: string | boolean): PasswordAnswer {
    if (typeof result === "string") return { kind: "hashed", hash: fromText(result) };
    if (!result || work.kind === "hash") return { kind: "wrong" };
    const { sign } = this.#options;
    if (sign !== null) return sign(work.user, work.revision);
    return { kind: "right", prefix: fromText(randomLetters()), token: "" };
  }
}

function randomLetters(): string {
  return Array.from({ length: TOKEN_LETTERS }, randomLetter).join("");
}

function randomLetter(): string {
  return LETTERS.charAt(randomInt(LETTERS.length));
}
