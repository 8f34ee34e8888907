// Passwords, hashed and checked by bcrypt on a thread of its own: one takes a tenth of a second,
// and a member that does nothing else for so long misses its heartbeats. One at a time, in order,
// and no more than a few may wait: logging in must not be a way to keep a member busy.

import { randomInt } from "node:crypto";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { compareSync, hashSync } from "bcryptjs";
import { ERRORS } from "../core/api/errors.ts";
import type { Bytes, CallId, PasswordAnswer, PasswordWork } from "../core/contract.ts";
import { fromText } from "../core/lib/bytes.ts";

export type PasswordsOptions = Readonly<{
  cost: number; // --bcrypt-cost
  /** Makes the token of a user who has shown the right password. Null: tokens are simple. */
  sign: Sign | null;
  onDone: (call: CallId, answer: PasswordAnswer) => void;
  onFailure: (error: Error) => void;
}>;

export type Sign = (user: Bytes, revision: number) => PasswordAnswer;

type Job = Readonly<{ call: CallId; work: PasswordWork }>;
type Order = Readonly<
  | { kind: "hash"; password: string; cost: number }
  | { kind: "check"; password: string; hash: string }
>;

const WAITING_MAX = 64;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TOKEN_LETTERS = 16;
const ROLE = "detcd passwords";

export class Passwords {
  readonly #options: PasswordsOptions;
  readonly #waiting: Job[] = []; // the first one is being worked on
  #worker: Worker | null = null;

  constructor(options: PasswordsOptions) {
    this.#options = options;
  }

  perform(call: CallId, work: PasswordWork): void {
    if (this.#waiting.length >= WAITING_MAX) {
      const answer: PasswordAnswer = { kind: "refused", error: ERRORS.TooManyRequests };
      return this.#options.onDone(call, answer);
    }
    this.#waiting.push({ call, work });
    if (this.#waiting.length === 1) this.#order();
  }

  async close(): Promise<void> {
    this.#waiting.length = 0;
    await this.#worker?.terminate();
  }

  #order(): void {
    const job = this.#waiting[0];
    if (job === undefined) return;
    const { work } = job;
    const order: Order =
      work.kind === "hash"
        ? { kind: "hash", password: work.password, cost: this.#options.cost }
        : { kind: "check", password: work.password, hash: work.hash };
    this.#worker ??= this.#start();
    this.#worker.postMessage(order);
  }

  #start(): Worker {
    const worker = new Worker(new URL(import.meta.url), { workerData: ROLE, execArgv: [] });
    worker.on("message", (result: string | boolean) => this.#finish(result));
    worker.once("error", this.#options.onFailure);
    worker.unref();
    return worker;
  }

  #finish(result: string | boolean): void {
    const job = this.#waiting.shift();
    if (job === undefined) return; // closed meanwhile
    this.#options.onDone(job.call, this.#answer(job.work, result));
    this.#order();
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

/** On the thread: the hash, or whether the password is right. */
function carryOut(order: Order): string | boolean {
  if (order.kind === "hash") return hashSync(order.password, order.cost);
  try {
    return compareSync(order.password, order.hash);
  } catch {
    return false; // a client may have given anything as a hash
  }
}

if (!isMainThread && workerData === ROLE) {
  parentPort?.on("message", (order: Order) => parentPort?.postMessage(carryOut(order)));
}
