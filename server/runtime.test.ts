import { afterEach, describe, expect, it, vi } from "vitest";
import { ERRORS } from "../core/api/errors.ts";
import type { Request, Response } from "../core/api/request.ts";
import type {
  CallId,
  Effect,
  Input,
  KvReader,
  Millis,
  Result,
  StepFunction,
} from "../core/contract.ts";
import type { NodeState } from "../core/node-state.ts";
import type { Caller } from "../net/socket/call-sink.ts";
import { Runtime } from "./runtime.ts";

const STATE = {} as NodeState;
const REQUEST: Request = { kind: "status" };
const KV: KvReader = {
  get: () => null,
  scan: () => [],
  sizeBytes: () => 0,
  sizeInUseBytes: () => 0,
};
const ANSWER = { ok: true, value: { kind: "alarm" } } as unknown as Result<Response>;

let running: Runtime | null = null;
afterEach(() => {
  running?.stop();
  running = null;
});

/** A runtime around a made-up step; `seen` is what happened, in order. */
/** Without an end to a turn, what is waiting at its beginning is stepped in it, however slowly. */
function createRuntime(
  step: (input: Input) => Effect[],
  turnMs = Number.MAX_VALUE,
): { runtime: Runtime; seen: string[] } {
  const seen: string[] = [];
  const note =
    (name: string) =>
    (effect: Effect): void =>
      void seen.push(`${name}${effect.kind === "disk" ? ` ${effect.token}` : ""}`);
  const stepAndNote: StepFunction = (state, input) => {
    seen.push(`step ${input.kind}`);
    return [state, step(input)];
  };
  let now = 0;
  const runtime = new Runtime({
    first: [STATE, [{ kind: "peers", members: [], removed: [] }]],
    step: stepAndNote,
    kv: KV,
    clock: { now: () => now as Millis, tick: () => (now += 10) as Millis },
    readToken: (token) => token,
    tickMs: 60_000,
    turnMs,
    outside: {
      "peer.send": note("send"),
      peers: note("peers"),
      disk: (effect) => {
        note("disk")(effect);
        runtime.submit({ kind: "disk.done", token: effect.token }); // at once: the worst case
      },
      kv: note("kv"),
      password: note("password"),
      "snapshot.send": note("snapshot.send"),
      "snapshot.install": note("snapshot.install"),
      "backup.read": note("backup.read"),
      "backup.close": note("backup.close"),
      defragment: note("defragment"),
      admission: note("admission"),
      trace: note("trace"),
    },
    onStep: () => undefined,
  });
  running = runtime;
  return { runtime, seen };
}

function disk(token: number): Effect {
  return { kind: "disk", token: token as never, ops: [] };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe("the runtime", () => {
  it("performs what boot asked for before any step", async () => {
    const { runtime, seen } = createRuntime(() => []);
    runtime.submit({ kind: "tick", now: 1 as Millis });
    runtime.start();
    await turn();
    expect(seen).toEqual(["peers", "step tick"]);
  });

  it("finishes all effects of a step before the input that one of them causes", async () => {
    const { runtime, seen } = createRuntime((input) =>
      input.kind === "tick" ? [disk(1), disk(2), { kind: "peers", members: [], removed: [] }] : [],
    );
    runtime.submit({ kind: "tick", now: 1 as Millis });
    await turn();
    expect(seen).toEqual([
      "step tick",
      "disk 1",
      "disk 2",
      "peers",
      "step disk.done",
      "step disk.done",
    ]);
  });

  it("lets input and output have their turn, however much there is to step", async () => {
    const { runtime, seen } = createRuntime(
      (input) => (input.kind === "disk.done" ? [disk(1)] : []),
      5,
    );
    runtime.submit({ kind: "disk.done", token: 1 as never }); // causes itself, for ever
    await turn();
    await turn();
    expect(seen.length).toBeGreaterThan(2);
  });

  it("resumes long work behind everything that came meanwhile", async () => {
    const { runtime, seen } = createRuntime((input) =>
      input.kind === "tick" ? [{ kind: "yield" }] : [],
    );
    runtime.submit({ kind: "tick", now: 1 as Millis });
    runtime.submit({ kind: "disk.done", token: 1 as never });
    setImmediate(() => runtime.submit({ kind: "disk.done", token: 2 as never }));
    await turn();
    await turn();
    await turn();
    expect(seen).toEqual(["step tick", "step disk.done", "step disk.done", "step resume"]);
  });

  it("lets what was answered leave before long work goes on, but not for ever", async () => {
    const { runtime, seen } = createRuntime((input) => {
      if (input.kind === "disk.done") setImmediate(() => runtime.submit(input)); // at each turn one
      return input.kind === "disk.done" ? [] : [{ kind: "yield" }];
    });
    runtime.submit({ kind: "tick", now: 1 as Millis });
    runtime.submit({ kind: "disk.done", token: 1 as never });
    for (let turns = 0; turns < 12; turns++) await turn();
    const pieces = seen.join().split("step resume");
    expect(pieces.length).toBeGreaterThan(3);
    for (const between of pieces.slice(1, -1)) {
      expect(between.match(/disk\.done/g)?.length).toBe(2);
    }
  });

  it("gives each call its own answer, once", async () => {
    const { runtime } = createRuntime((input) =>
      input.kind === "call" ? [{ kind: "call.reply", call: input.call, result: ANSWER }] : [],
    );
    const answers: unknown[] = [];
    const cancel = runtime.open(REQUEST, callerFor(null), (result) => answers.push(result));
    await turn();
    cancel();
    runtime.stop();
    expect(answers).toEqual([ANSWER]);
  });

  it("tells the core when a client has gone, and the client nothing more", async () => {
    const { runtime, seen } = createRuntime(() => []);
    const answers: unknown[] = [];
    runtime.open(REQUEST, callerFor(100), (result) => answers.push(result))();
    await turn();
    runtime.stop();
    expect(seen).toEqual(["step call", "step call.cancel"]);
    expect(answers).toEqual([]);
  });

  it("turns what is left of a client's deadline into a time on the node's clock", async () => {
    const deadlines: number[] = [];
    const { runtime } = createRuntime((input) => {
      if (input.kind === "call") deadlines.push(input.context.deadline);
      return [];
    });
    runtime.open(REQUEST, callerFor(99.5), () => undefined);
    runtime.open(REQUEST, callerFor(null), () => undefined);
    await turn();
    expect(deadlines).toEqual([100, Number.MAX_SAFE_INTEGER]);
  });

  it("answers everybody with etcd's word when it stops, and steps nothing afterwards", async () => {
    const { runtime, seen } = createRuntime(() => []);
    const answers: unknown[] = [];
    runtime.open(REQUEST, callerFor(null), (result) => answers.push(result));
    await turn();
    runtime.stop();
    runtime.open(REQUEST, callerFor(null), (result) => answers.push(result));
    runtime.submit({ kind: "tick", now: 1 as Millis });
    await turn();
    expect(answers).toEqual([
      { ok: false, error: ERRORS.Stopped },
      { ok: false, error: ERRORS.Stopped },
    ]);
    expect(seen).toEqual(["step call"]);
  });

  it("asks for no further turn when it stops while inputs wait, or the process would never end", async () => {
    const { runtime } = createRuntime(() => []);
    runtime.submit({ kind: "tick", now: 1 as Millis });
    runtime.stop();
    runtime.submit({ kind: "tick", now: 2 as Millis });
    const asked = vi.spyOn(globalThis, "setImmediate");
    await turn();
    await turn();
    expect(asked).toHaveBeenCalledTimes(2); // by this test
    asked.mockRestore();
  });

  it("knows by which connection a call came, while somebody waits for its answer", async () => {
    const [first, second, third] = [1, 2, 3] as CallId[] as [CallId, CallId, CallId];
    const answer: Effect = { kind: "call.reply", call: first, result: ANSWER };
    const { runtime } = createRuntime((input) => (input.kind === "tick" ? [answer] : []));
    runtime.open(REQUEST, callerFor(null), () => undefined);
    expect(runtime.connectionOf(first)).toBe(3);
    await runtime.stepped({ kind: "tick", now: 1 as Millis });
    expect(runtime.connectionOf(first)).toBe(null);
    const cancel = runtime.open(REQUEST, callerFor(null), () => undefined);
    expect(runtime.connectionOf(second)).toBe(3);
    cancel();
    expect(runtime.connectionOf(second)).toBe(null);
    runtime.open(REQUEST, callerFor(0), () => undefined);
    expect(runtime.connectionOf(third)).toBe(null); // its deadline has passed
  });

  it("resolves `stepped` when the input has been stepped and its effects performed", async () => {
    const { runtime, seen } = createRuntime(() => [disk(7)], 5); // causes itself, for ever
    await runtime.stepped({ kind: "tick", now: 1 as Millis });
    expect(seen.slice(0, 2)).toEqual(["step tick", "disk 7"]);
  });
});

function callerFor(timeoutMs: number | null): Caller {
  return { timeoutMs, token: "", commonName: "", requireLeader: false, connection: 3 };
}
