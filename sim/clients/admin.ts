// An administrator who turns authentication on and off. It makes two users first: root, and one who
// may write all keys but "k0", which it may only read. While authentication is on, every second
// client comes with that user's token, and the others with none.

import type { PERMISSION, Permission } from "../../core/api/request-auth.ts";
import type { Request } from "../../core/api/request.ts";
import type { Bytes } from "../../core/contract.ts";
import { fromText } from "../../core/lib/bytes.ts";
import type { ClientContext } from "./client.ts";
import { makeCall } from "./client.ts";
import type { Micros } from "../run/frame.ts";
import type { SimOutcome } from "../record/history.ts";

/** Behind the numbers of all other clients. */
const ADMIN = 300;
const RETRY_MICROS = 200_000;
const PASSWORD = "open sesame";
const [ROOT, USER, ROLE] = ["root", "user", "role"].map(fromText) as [Bytes, Bytes, Bytes];
const READ: (typeof PERMISSION)["READ"] = 0;
const READWRITE: (typeof PERMISSION)["READWRITE"] = 2;

const SETUP: readonly Request[] = [
  { kind: "user_add", name: ROOT, password: PASSWORD, noPassword: false },
  { kind: "user_grant_role", name: ROOT, role: ROOT },
  { kind: "user_add", name: USER, password: PASSWORD, noPassword: false },
  { kind: "role_add", name: ROLE },
  granted({ type: READ, key: fromText("k0"), rangeEnd: "" as Bytes }),
  granted({ type: READWRITE, key: fromText("k1"), rangeEnd: fromText("l") }),
  { kind: "user_grant_role", name: USER, role: ROLE },
];

export class Admin {
  readonly #context: ClientContext;
  readonly #until: Micros; // nothing is turned on from here on
  #acts = 0;

  constructor(context: ClientContext, until: Micros) {
    this.#context = context;
    this.#until = until;
  }

  start(): void {
    this.#after(1_000_000, () => this.#setUp(SETUP));
  }

  #setUp([next, ...rest]: readonly Request[]): void {
    if (next === undefined) return this.#turnOn();
    this.#insist(next, () => this.#setUp(rest));
  }

  #turnOn(): void {
    if (this.#context.world.now >= this.#until) return;
    this.#insist({ kind: "auth_enable" }, () => this.#enter());
  }

  /** Whoever does not get a token goes without. */
  #enter(): void {
    const { tokens, options } = this.#context;
    this.#authenticate(USER, (token) => {
      for (let client = 1; client < options.count; client += 2) tokens.set(client, token);
      this.#after(this.#draw(1_500_000), () => this.#turnOff());
    });
  }

  #turnOff(): void {
    const { tokens } = this.#context;
    this.#authenticate(ROOT, (token) => {
      tokens.set(ADMIN, token);
      this.#ask({ kind: "auth_disable" }, ({ kind }) => {
        if (kind !== "ok") return this.#after(RETRY_MICROS, () => this.#turnOff());
        tokens.clear();
        this.#after(500_000 + this.#draw(2_000_000), () => this.#turnOn());
      });
    });
  }

  #authenticate(name: Bytes, done: (token: string) => void): void {
    this.#ask({ kind: "authenticate", name, password: PASSWORD }, (outcome) => {
      const isKnown = outcome.kind === "ok" && outcome.output.kind === "authenticate";
      done(isKnown && outcome.output.kind === "authenticate" ? outcome.output.token : "");
    });
  }

  /** Until it is done, or has been done before. */
  #insist(request: Request, done: () => void): void {
    this.#ask(request, (outcome) => {
      if (outcome.kind === "ok" || isDoneAlready(outcome)) return done();
      this.#after(RETRY_MICROS, () => this.#insist(request, done));
    });
  }

  #ask(request: Request, done: (outcome: SimOutcome) => void): void {
    const { fates, nodes } = this.#context;
    const node = 1 + fates.below(nodes, "admin", this.#acts++);
    makeCall(this.#context, ADMIN, node, request, null, done);
  }

  #after(micros: Micros, act: () => void): void {
    this.#context.world.after(micros, act);
  }

  #draw(limit: number): number {
    return this.#context.fates.below(limit, "admin", this.#acts++, "wait");
  }
}

function granted(permission: Permission): Request {
  return { kind: "role_grant_permission", name: ROLE, permission };
}

/** By an earlier try, whose answer was lost. What is on, only root may turn on. */
function isDoneAlready(outcome: SimOutcome): boolean {
  if (outcome.kind !== "failed") return false;
  return outcome.error.name.endsWith("AlreadyExist") || outcome.error.name === "UserEmpty";
}
