// The conformance suite by `Input`: every case on a fresh node, alone. Time passes when nothing
// else can happen.

import { describe, expect, it } from "vitest";
import type { CallId, Effect, Input, Millis, PasswordAnswer, Result } from "../contract.ts";
import { must } from "../lib/assert.ts";
import { fromText } from "../lib/bytes.ts";
import { startLoneNode } from "../testing/lone-node.ts";
import { CASES } from "./conformance.ts";
import type { Case } from "./cases/case.ts";
import { call, caseOf } from "./cases/case.ts";
import { perform, playCase } from "./player.ts";
import type { Order } from "./player.ts";
import type { Told } from "./show.ts";
import type { Request, Response } from "../api/request.ts";
import { putOf, rangeOf } from "../api/testing.ts";

const TICK_MS = 50;
const PATIENCE_MS = 10_000; // of its own time
const NEVER = Number.MAX_SAFE_INTEGER as Millis;
const CALLER = { deadline: NEVER, token: "", requireLeader: false };
const NOTHING: Told = { kind: "nothing" };

type Alter = (told: Told) => Told;

class OneNode {
  readonly #node = startLoneNode();
  readonly #streams = new Map<string, CallId>();
  readonly #heard = new Map<CallId, Told[]>();
  #now: number = this.#node.now;

  take(order: Order): Told {
    switch (order.kind) {
      case "call":
        return this.#hear(this.#open(order));
      case "begin":
        this.#streams.set(order.stream, this.#open(order));
        return NOTHING;
      case "say": {
        const on = this.#streams.get(order.stream);
        if (on === undefined) this.#streams.set(order.stream, this.#open(order));
        else this.#step({ kind: "call.item", call: on, request: order.request });
        return NOTHING;
      }
      case "hear":
        return this.#hear(this.#callOf(order.stream));
      case "close":
        this.#step({ kind: "call.close", call: this.#callOf(order.stream) });
        return NOTHING;
      case "leave":
        this.#step({ kind: "call.cancel", call: this.#callOf(order.stream) });
        this.#streams.delete(order.stream);
        return NOTHING;
    }
  }

  #open({ request, token }: Readonly<{ request: Request; token: string }>): CallId {
    const id = (this.#heard.size + 1) as CallId;
    this.#heard.set(id, []);
    this.#step({ kind: "call", call: id, request, context: { ...CALLER, token } });
    return id;
  }

  #hear(id: CallId): Told {
    const heard = must(this.#heard.get(id), `call ${id} was opened`);
    for (let waited = 0; heard.length === 0 && waited < PATIENCE_MS; waited += TICK_MS) {
      this.#pass(TICK_MS);
    }
    return heard.shift() ?? NOTHING;
  }

  #callOf(stream: string): CallId {
    return must(this.#streams.get(stream), `stream ${stream} is open`);
  }

  #pass(ms: number): void {
    for (const end = this.#now + ms; this.#now < end;) {
      this.#now += TICK_MS;
      this.#step({ kind: "tick", now: this.#now as Millis });
    }
  }

  #step(input: Input): void {
    for (const effect of this.#node.take(input)) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "call.reply":
        return this.#tell(effect.call, toldOf(effect.result));
      case "call.push":
        this.#tell(effect.call, { kind: "response", response: effect.response });
        return this.#step({ kind: "call.credit", call: effect.call, items: 1 });
      case "call.end": {
        const { error } = effect;
        return this.#tell(effect.call, error === null ? { kind: "end" } : errorOf(error));
      }
      case "password": {
        const answer = workOnPassword(effect);
        return this.#step({ kind: "password.done", call: effect.call, answer });
      }
      default: // a lone node says nothing else
    }
  }

  #tell(id: CallId, told: Told): void {
    this.#heard.get(id)?.push(told);
  }
}

/** A hash that hides nothing, and a token that can be guessed. */
function workOnPassword(effect: Extract<Effect, { kind: "password" }>): PasswordAnswer {
  const { work } = effect;
  const hash = fromText(`hash of ${work.password}`);
  if (work.kind === "hash") return { kind: "hashed", hash };
  if (work.hash !== hash) return { kind: "wrong" };
  return { kind: "right", prefix: fromText(`t${effect.call}`), token: "" };
}

function toldOf(result: Result<Response>): Told {
  return result.ok ? { kind: "response", response: result.value } : errorOf(result.error);
}

function errorOf({ code, message }: Readonly<{ code: number; message: string }>): Told {
  return { kind: "error", code, message };
}

function complaintOf(test: Case, tamper: Alter = (told) => told): string | null {
  const node = new OneNode();
  return perform(playCase(test), (order) => tamper(node.take(order)));
}

describe("a node conforms:", () => {
  for (const test of CASES) it(test.name, () => expect(complaintOf(test)).toBe(null));
});

describe("the suite", () => {
  it("says which answer of which case differs, and how", () => {
    const told = complaintOf(
      caseOf(
        "a put is found",
        call(putOf("a", "1"), "put @2"),
        call(rangeOf("a"), "range @3 count=1", "  kvs: a=2 create=* mod=* version=1"),
      ),
    );
    expect(told?.split("\n")).toEqual([
      "a put is found: step 2, range",
      "  - range @3 count=1",
      "  + range @2 count=1",
      "  -   kvs: a=2 create=* mod=* version=1",
      "  +   kvs: a=1 create=2 mod=2 version=1",
    ]);
  });

  it("notices whatever is altered in any answer of any case", () => {
    const unnoticed: string[] = [];
    let noticed = 0;
    for (const [at, test] of CASES.entries()) {
      for (const [nth, answer] of answersOf(test).entries()) {
        if (answer[0] === "..." || (at + nth) % 2 > 0) continue; // any answer; or a turn off
        const tampering = tamperWith(nth, at + nth);
        if (complaintOf(test, tampering.alter) !== null) noticed += 1;
        else unnoticed.push(`${test.name}: answer ${nth + 1}, ${tampering.what()}`);
      }
    }
    expect(unnoticed).toEqual([]);
    expect(noticed).toBeGreaterThan(200);
  });
});

function answersOf(test: Case): readonly (readonly string[])[] {
  return test.steps.flatMap((each) => ("answer" in each ? [each.answer] : []));
}

/** Alters one thing in one answer: what is set is unset, what is not is set. */
function tamperWith(nth: number, choice: number): Readonly<{ alter: Alter; what: () => string }> {
  let seen = -5; // before a case begins, five answers show that the node is empty
  let what = "which never came";
  const alter: Alter = (told) => {
    if (told.kind === "nothing" || seen++ !== nth) return told;
    if (told.kind !== "response") {
      what = told.kind;
      return { kind: "error", code: 99, message: "altered" };
    }
    const places = leaves(told.response);
    const place = places[choice % places.length] as readonly string[];
    what = place.join(".");
    return { kind: "response", response: altered(told.response, place) as typeof told.response };
  };
  return { alter, what: () => what };
}

function leaves(value: object): readonly (readonly string[])[] {
  return Object.entries(value).flatMap(([name, field]: [string, unknown]) => {
    const isInternal = typeof field === "object" && field !== null && Object.keys(field).length > 0;
    if (!isInternal || field instanceof Uint8Array) return [[name]];
    return leaves(field).map((place) => [name, ...place]);
  });
}

function altered(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name !== undefined) {
    const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
    const fields = copy as Record<string, unknown>;
    fields[name] = altered(fields[name], rest);
    return copy;
  }
  if (typeof value === "number") return value === 0 ? 1 : 0;
  if (typeof value === "bigint") return value === 0n ? 1n : 0n;
  if (typeof value === "boolean") return !value;
  if (typeof value === "string") return value === "" ? "altered" : "";
  if (value instanceof Uint8Array) return new Uint8Array(value.length === 0 ? 1 : 0);
  return Array.isArray(value) ? ["altered"] : { kind: "altered" };
}
