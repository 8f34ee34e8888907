// Threads that hash and check passwords, one at a time each: as many as the machine can run at
// once, up to a few, and where the system lets a thread stand back, behind the one that serves.

import { availableParallelism, setPriority } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { compareSync, hashSync } from "bcryptjs";

export type PasswordOrder = Readonly<
  | { kind: "hash"; password: string; cost: number }
  | { kind: "check"; password: string; hash: string }
>;

type Thread = { readonly worker: Worker; onDone: ((result: string | boolean) => void) | null };

const THREADS_MAX = 4;
const STANDING_BACK = 10;
const ROLE = "detcd passwords";

export class PasswordThreads {
  readonly #threads: Thread[] = [];
  readonly #most = Math.min(availableParallelism(), THREADS_MAX);
  readonly #onFailure: (error: Error) => void;

  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = onFailure;
  }

  get hasIdle(): boolean {
    return this.#threads.length < this.#most || this.#idle() !== undefined;
  }

  /** Only while one is idle. Told: the hash, or whether the password is right. */
  carryOut(order: PasswordOrder, onDone: (result: string | boolean) => void): void {
    const thread = this.#idle() ?? this.#start();
    thread.onDone = onDone;
    thread.worker.postMessage(order);
  }

  /** Nobody is told anything any more. */
  async close(): Promise<void> {
    for (const thread of this.#threads) thread.onDone = null;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #idle(): Thread | undefined {
    return this.#threads.find(({ onDone }) => onDone === null);
  }

  #start(): Thread {
    const worker = new Worker(new URL(import.meta.url), { workerData: ROLE, execArgv: [] });
    const thread: Thread = { worker, onDone: null };
    worker.on("message", (result: string | boolean) => {
      const { onDone } = thread;
      thread.onDone = null;
      onDone?.(result);
    });
    worker.once("error", this.#onFailure);
    worker.unref();
    this.#threads.push(thread);
    return thread;
  }
}

function carryOut(order: PasswordOrder): string | boolean {
  if (order.kind === "hash") return hashSync(order.password, order.cost);
  try {
    return compareSync(order.password, order.hash);
  } catch {
    return false; // a client may have given anything as a hash
  }
}

/** Elsewhere than on Linux this would be about the whole process. */
function standBack(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(STANDING_BACK);
  } catch {
    // whoever may not change it works at the priority that it has
  }
}

if (!isMainThread && workerData === ROLE) {
  standBack();
  parentPort?.on("message", (order: PasswordOrder) => parentPort?.postMessage(carryOut(order)));
}
