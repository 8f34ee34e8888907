// The driver's heart: a queue of inputs, one step at a time, and every effect performed in its
// order.
//
// Inputs wait until the event loop has read whatever its sockets and disks had (setImmediate runs
// after that), then they are stepped together: one turn shares one sync, one write per peer and per
// client. A turn is cut off after a while, so that input and output never starve.
//
// What an effect causes joins the queue; it never re-enters. Nothing here catches: an exception out
// of a step is a broken invariant, and it ends the process.

import type { Request, Response, StreamRequest } from "../core/api/request.ts";
import type { ApiError } from "../core/api/errors.ts";
import { ERRORS } from "../core/api/errors.ts";
import type {
  CallId,
  Effect,
  Input,
  KvReader,
  Millis,
  Performer,
  Result,
  Step,
  StepFunction,
} from "../core/contract.ts";
import { credentialOf } from "../core/auth/tokens.ts";
import type { Claims } from "../core/auth/tokens.ts";
import { fromText } from "../core/lib/bytes.ts";
import type { NodeState } from "../core/node-state.ts";
import type { Caller, OpenStream, StreamEnd } from "../net/socket/call-sink.ts";
import type { AnswerParts } from "../net/wire/methods/answer-parts.ts";
import { addPart, NO_PARTS } from "../net/wire/methods/answer-parts.ts";
import type { Clock } from "./clock.ts";

/** Everything but the answers, which the runtime gives itself: it minted the calls. */
export type Outside = Omit<
  Performer,
  "call.part" | "call.reply" | "call.push" | "call.end" | "yield"
>;

export type RuntimeOptions = Readonly<{
  first: Step; // of boot
  step: StepFunction;
  kv: KvReader;
  clock: Clock;
  /** What a client shows, as the core takes it. */
  readToken: (token: string) => string | Claims;
  tickMs: number;
  turnMs: number; // for so long inputs are stepped before sockets and disks are looked at again
  outside: Outside;
  onStep: (input: Input["kind"], seconds: number) => void; // how long it took, effects and all
}>;

type Reply = (result: Result<Response>, parts: AnswerParts) => void;
/** A call that waits for its answer. */
type Asker = Readonly<{ reply: Reply; connection: number; deadline: Millis }>;

const NO_DEADLINE = Number.MAX_SAFE_INTEGER as Millis;
const STOPPED: Result<Response> = { ok: false, error: ERRORS.Stopped };

export class Runtime {
  readonly #options: RuntimeOptions;
  readonly #perform: Performer;
  readonly #askers = new Map<CallId, Asker>();
  readonly #parts = new Map<CallId, AnswerParts>(); // of answers that are not complete
  readonly #streams = new Map<CallId, StreamEnd>();
  readonly #awaited = new Map<Input, () => void>();
  #state: NodeState;
  #queue: Input[] = [];
  #scheduled = false;
  #tickWaits = false;
  #yields = false; // to be resumed
  #hasWaited = false; // with it, for one turn
  #timer: NodeJS.Timeout | null = null;
  #lastCall = 0;
  #stopped = false;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.#state = options.first[0];
    this.#perform = {
      ...options.outside,
      "call.part": (part) => this.#part(part),
      "call.reply": ({ call, result }) => this.#reply(call, result),
      "call.push": ({ call, response }) => this.#streams.get(call)?.push(response),
      "call.end": ({ call, error }) => this.#endStream(call, error),
      yield: () => {
        this.#yields = true;
        this.#schedule();
      },
    };
  }

  /** For people: what the node is at this moment. */
  get state(): NodeState {
    return this.#state;
  }

  /** Performs what boot asked for and lets time begin. */
  start(): void {
    this.#performAll(this.#options.first[1]);
    this.#timer = setInterval(() => {
      if (this.#tickWaits) return;
      this.#tickWaits = true;
      this.submit({ kind: "tick", now: this.#options.clock.tick() });
    }, this.#options.tickMs);
  }

  submit(input: Input): void {
    if (this.#stopped) return;
    this.#queue.push(input);
    this.#schedule();
  }

  /** Resolves once the input has been stepped and what it caused has been performed. */
  stepped(input: Input): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited.set(input, resolve);
      this.submit(input);
    });
  }

  /** `reply` is called exactly once, unless the returned function tells that nobody waits any
   *  more. */
  readonly open = (request: Request, caller: Caller, reply: Reply): (() => void) => {
    if (this.#stopped) {
      reply(STOPPED, NO_PARTS);
      return () => undefined;
    }
    const deadline = this.#deadlineOf(caller);
    const call = this.#call(request, caller, deadline);
    this.#askers.set(call, { reply, connection: caller.connection, deadline });
    return () => {
      this.#parts.delete(call);
      if (this.#askers.delete(call)) this.submit({ kind: "call.cancel", call });
    };
  };

  /** `client.end` is called exactly once, unless the stream is cancelled. */
  readonly openStream = (request: StreamRequest, caller: Caller, client: StreamEnd): OpenStream => {
    const call = this.#call(request, caller, this.#deadlineOf(caller));
    this.#streams.set(call, client);
    if (this.#stopped) this.#endStream(call, ERRORS.Stopped);
    const tell = (input: Input): void => {
      if (this.#streams.has(call)) this.submit(input);
    };
    return {
      say: (item) => tell({ kind: "call.item", call, request: item }),
      credit: (items) => tell({ kind: "call.credit", call, items }),
      close: () => tell({ kind: "call.close", call }),
      cancel: () => {
        tell({ kind: "call.cancel", call });
        this.#streams.delete(call);
      },
    };
  };

  /** Which connection waits for the answer of a call. Null: nobody does any more. */
  connectionOf(call: CallId): number | null {
    const asker = this.#askers.get(call);
    if (asker === undefined || this.#options.clock.now() >= asker.deadline) return null;
    return asker.connection;
  }

  /** Nothing is stepped any more; who still waits for an answer is told so. */
  stop(): void {
    this.#stopped = true;
    this.#queue = []; // a queue that nobody steps would keep the process alive
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const call of this.#askers.keys()) this.#reply(call, STOPPED);
    for (const call of this.#streams.keys()) this.#endStream(call, ERRORS.Stopped);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const cutOffAt = performance.now() + this.#options.turnMs;
    this.#maybeResume();
    let at = 0;
    while (at < this.#queue.length && !this.#stopped) {
      const input = this.#queue[at] as Input;
      at += 1;
      if (input.kind === "tick") this.#tickWaits = false;
      this.#step(input);
      if (this.#awaited.size > 0) this.#tellStepped(input);
      if (performance.now() > cutOffAt) break;
    }
    this.#scheduled = false;
    if (this.#stopped) return;
    this.#queue = this.#queue.slice(at);
    if (this.#queue.length > 0 || this.#yields) this.#schedule();
  }

  /** Behind all that this turn has found; and in the next one, if that is something: then its
   *  messages and its writes are on their way before a piece of long work begins. */
  #maybeResume(): void {
    if (!this.#yields) return;
    if (this.#queue.length > 0 && !this.#hasWaited) {
      this.#hasWaited = true;
      return;
    }
    this.#queue.push({ kind: "resume" });
    this.#yields = false;
    this.#hasWaited = false;
  }

  #step(input: Input): void {
    const begunMs = performance.now();
    const [state, effects] = this.#options.step(this.#state, input, this.#options.kv);
    this.#state = state;
    this.#performAll(effects);
    this.#options.onStep(input.kind, (performance.now() - begunMs) / 1000);
  }

  #performAll(effects: readonly Effect[]): void {
    for (const effect of effects) {
      const perform = this.#perform[effect.kind] as (each: Effect) => void;
      perform(effect);
    }
  }

  #tellStepped(input: Input): void {
    this.#awaited.get(input)?.();
    this.#awaited.delete(input);
  }

  /** Encoded at once: as bytes they take the least room, and each part its own time. */
  #part(part: Extract<Effect, { kind: "call.part" }>): void {
    const { call } = part;
    if (!this.#askers.has(call)) return;
    this.#parts.set(call, addPart(this.#parts.get(call) ?? NO_PARTS, part));
  }

  #reply(call: CallId, result: Result<Response>): void {
    const parts = this.#parts.get(call) ?? NO_PARTS;
    this.#parts.delete(call);
    const asker = this.#askers.get(call);
    this.#askers.delete(call);
    asker?.reply(result, parts); // the client may have gone while the answer was on its way
  }

  #endStream(call: CallId, error: ApiError | null): void {
    const client = this.#streams.get(call);
    this.#streams.delete(call);
    client?.end(error);
  }

  #call(
    request: Request,
    { token: shown, commonName, requireLeader }: Caller,
    deadline: Millis,
  ): CallId {
    const call = ++this.#lastCall as CallId;
    const token = credentialOf(this.#options.readToken(shown), fromText(commonName));
    this.submit({ kind: "call", call, request, context: { deadline, token, requireLeader } });
    return call;
  }

  #deadlineOf({ timeoutMs }: Caller): Millis {
    if (timeoutMs === null) return NO_DEADLINE;
    return (this.#options.clock.now() + Math.ceil(timeoutMs)) as Millis;
  }
}
