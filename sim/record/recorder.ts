// Writes down what clients saw, call by call, and what each call could know when it was made.

import type { Request, Response } from "../../core/api/request.ts";
import { must } from "../../core/lib/assert.ts";
import type { Micros } from "../run/frame.ts";
import type { SimOperation, SimOutcome } from "./history.ts";
import type { CallName } from "../options/options.ts";

/** A call that was answered, and the highest revision that anybody had been told before it was
 *  made. */
export type Answered = Readonly<{ operation: SimOperation; floor: number }>;

export class Recorder {
  readonly #clock: () => Micros;
  readonly #called: (operation: SimOperation) => void;
  readonly #heard: (answered: Answered) => void;
  readonly #operations: SimOperation[] = [];
  readonly #names: (CallName | null)[] = [];
  readonly #floors: number[] = [];
  #told = 0; // the highest revision of any answer so far

  constructor(
    clock: () => Micros,
    called: (operation: SimOperation) => void,
    heard: (answered: Answered) => void,
  ) {
    this.#clock = clock;
    this.#called = called;
    this.#heard = heard;
  }

  begin(client: number, input: Request, name: CallName | null): number {
    const id = this.#operations.length;
    const outcome: SimOutcome = { kind: "unknown", error: null };
    const operation = { id, client, input, call: this.#clock(), return: null, outcome };
    this.#operations.push(operation);
    this.#names.push(name);
    this.#floors.push(this.#told);
    this.#called(operation);
    return id;
  }

  end(id: number, outcome: SimOutcome): void {
    const begun = must(this.#operations[id], `call ${id} ends before it begins`);
    const returned = outcome.kind === "unknown" ? null : this.#clock();
    const operation: SimOperation = { ...begun, return: returned, outcome };
    this.#operations[id] = operation;
    this.#heard({ operation, floor: must(this.#floors[id], "every call has a floor") });
    if (outcome.kind !== "ok") return;
    this.#told = Math.max(this.#told, outcome.output.header.revision);
  }

  /** Something that the servers did by themselves, in this very moment, as if a client had. */
  witness(client: number, input: Request, output: Response): void {
    const at = this.#clock();
    const outcome: SimOutcome = { kind: "ok", output };
    const id = this.#operations.length;
    this.#operations.push({ id, client, input, call: at, return: at, outcome });
    this.#names.push(null);
    this.#floors.push(this.#told);
  }

  operations(): readonly SimOperation[] {
    return this.#operations.slice();
  }

  names(): readonly (CallName | null)[] {
    return this.#names.slice();
  }
}
