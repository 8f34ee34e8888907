// Users, and who grants them things: one administrator, who lets everybody be asked for a password
// and changes what users may do all the time, and users, each a user with keys of its own. A user
// tries what it may do and what it may not, with its token for as long as that is worth something.

import type { Request, RequestOp } from "../../core/api/request.ts";
import type { Bytes } from "../../core/contract.ts";
import { EMPTY, fromText, prefixEnd, toBytes } from "../../core/lib/bytes.ts";
import type { ClientContext } from "./client.ts";
import { makeCall } from "./client.ts";
import type { Shown, SimOutcome } from "../record/history.ts";
import { putOf, readOf } from "./workload.ts";

/** Behind the numbers of all other clients. */
const ADMINISTRATOR = 300;
const FIRST_USER = 301;
const ROOT = fromText("root");
const READWRITE = 2;
const ACT_MICROS = 150_000;
const TRIES_MAX = 200;

type Login = Readonly<{ call: number; token: string }>;
type Done = (outcome: SimOutcome) => void;

/** Whoever shows tokens. */
class Actor {
  readonly #name: string;
  readonly #number: number;
  readonly #context: ClientContext;
  readonly shown: Shown[] = [];
  protected login: Login | null = null;
  readonly #logins: Login[] = []; // those before
  #acts = 0;

  constructor(name: string, number: number, context: ClientContext) {
    this.#name = name;
    this.#number = number;
    this.#context = context;
  }

  protected authenticate(user: Bytes, password: string, done: () => void): void {
    const request: Request = { kind: "authenticate", name: user, password };
    this.login = null;
    const call = this.#make(request, null, (outcome) => {
      const isIn = outcome.kind === "ok" && outcome.output.kind === "authenticate";
      this.login = isIn ? { call, token: outcome.output.token } : null;
      if (this.login !== null) this.#logins.push(this.login);
      done();
    });
  }

  /** With the token that there is, if any. */
  protected ask(request: Request, done: Done, login: Login | null = this.login): void {
    const call = this.#make(request, login, (outcome) => {
      const isOut = outcome.kind === "failed" && outcome.error.name === "InvalidAuthToken";
      if (isOut && this.login === login) this.login = null;
      done(outcome);
    });
    if (login !== null) this.shown.push({ call, login: login.call });
  }

  /** With a token of some time ago, which a member that was away may know still. */
  protected askAgain(request: Request, done: Done): void {
    this.ask(request, done, this.#logins.at(-1 - this.draw(3, "login")) ?? this.login);
  }

  /** Nothing begins when the clients' time is over. */
  protected after(micros: number, act: () => void): void {
    const { world } = this.#context;
    const time = world.now + Math.floor(micros);
    if (time < this.#context.endsAt) world.at(time, act);
  }

  /** But for this. */
  protected afterAll(micros: number, act: () => void): void {
    this.#context.world.after(micros, act);
  }

  protected isLate(): boolean {
    const { world, endsAt } = this.#context;
    return world.now + 10 * ACT_MICROS > endsAt;
  }

  protected draw(limit: number, what: string): number {
    return this.#context.fates.below(limit, this.#name, this.#number, this.#acts++, what);
  }

  #make(request: Request, login: Login | null, done: Done): number {
    const { tokens, nodes } = this.#context;
    const node = 1 + this.draw(nodes, "member");
    if (login === null) tokens.delete(this.#number);
    else tokens.set(this.#number, login.token);
    return makeCall(this.#context, this.#number, node, request, null, done);
  }
}

export class Administrator extends Actor {
  readonly #users: readonly User[];
  #tries = 0;

  constructor(users: readonly User[], context: ClientContext) {
    super("steward", ADMINISTRATOR, context);
    this.#users = users;
  }

  start(): void {
    const root: Request = { kind: "user_add", name: ROOT, password: "root", noPassword: false };
    const grant: Request = { kind: "user_grant_role", name: ROOT, role: ROOT };
    const users = this.#users.flatMap((user) => user.introduction());
    this.#inOrder([root, grant, ...users, { kind: "auth_enable" }], () => this.#act());
  }

  /** Each until it was done, by this call or an earlier one. */
  #inOrder([first, ...rest]: readonly Request[], done: () => void): void {
    if (first === undefined) return done();
    this.#tries += 1;
    if (this.#tries > TRIES_MAX) return;
    this.ask(first, (outcome) => {
      const isDone = outcome.kind === "ok" || (outcome.kind === "failed" && isThere(outcome.error));
      this.after(isDone ? 1 : ACT_MICROS, () =>
        this.#inOrder(isDone ? rest : [first, ...rest], done),
      );
    });
  }

  #act(): void {
    if (this.isLate()) return this.#leave();
    const isOut = this.login === null;
    if (isOut && this.draw(2, "enable") === 0) {
      return this.ask({ kind: "auth_enable" }, () => this.#rest()); // it may be off
    }
    if (isOut || this.draw(12, "again") === 0) {
      return this.authenticate(ROOT, "root", () => this.#rest());
    }
    const user = this.#users[this.draw(this.#users.length, "guest")];
    if (user === undefined) return;
    const request = this.#change(user);
    this.ask(request, (outcome) => {
      user.hearOf(request, outcome);
      this.#rest();
    });
  }

  #change(user: User): Request {
    switch (this.draw(16, "act")) {
      case 0:
        return { kind: "auth_disable" };
      case 1:
      case 2:
      case 3:
        return { kind: "auth_enable" };
      case 4:
      case 5:
      case 6:
      case 7:
        return user.nextPassword();
      case 8:
      case 9:
      case 10:
        return user.revocation();
      default:
        return user.grant();
    }
  }

  #rest(): void {
    this.after(ACT_MICROS * (0.5 + this.draw(2, "rest")), () => this.#act());
  }

  /** At the end nobody is asked any more, so that everybody can look at what became of it all. A
   *  crowd may keep even root waiting until the clients' time is over: this one goes on. */
  #leave(): void {
    this.authenticate(ROOT, "root", () => {
      this.ask({ kind: "auth_disable" }, (outcome) => {
        if (outcome.kind !== "ok") this.afterAll(ACT_MICROS, () => this.#leave());
      });
    });
  }
}

export class User extends Actor {
  readonly #user: Bytes;
  readonly #keys: string;
  readonly #number: number;
  #password = 0; // the newest that was acknowledged
  #proposed = 0;
  #values = 0;

  constructor(number: number, context: ClientContext) {
    super("guest", FIRST_USER + number, context);
    this.#number = number;
    this.#user = fromText(`g${number}`);
    this.#keys = `g${number}/`;
  }

  start(): void {
    this.#rest();
  }

  /** Who it is, with everything that it is granted. */
  introduction(): readonly Request[] {
    const name = this.#user;
    return [
      { kind: "user_add", name, password: this.#passwordOf(0), noPassword: false },
      { kind: "role_add", name },
      this.grant(),
      { kind: "user_grant_role", name, role: name },
    ];
  }

  grant(): Request {
    const permission = { type: READWRITE, ...this.#range() };
    return { kind: "role_grant_permission", name: this.#user, permission };
  }

  revocation(): Request {
    return { kind: "role_revoke_permission", name: this.#user, ...this.#range() };
  }

  /** None is used twice. */
  nextPassword(): Request {
    const password = this.#passwordOf(++this.#proposed);
    return { kind: "user_change_password", name: this.#user, password, hashedPassword: "" };
  }

  hearOf(request: Request, outcome: SimOutcome): void {
    const isChanged = request.kind === "user_change_password" && outcome.kind === "ok";
    if (isChanged) this.#password = this.#proposed;
  }

  #act(): void {
    const act = this.draw(5, "act");
    if (act === 0) return this.askAgain(this.#request(), () => this.#rest());
    if (this.login !== null && act > 1) return this.ask(this.#request(), () => this.#rest());
    const isOld = this.draw(6, "old") === 0;
    const password = isOld ? this.draw(this.#password + 1, "which") : this.#password;
    this.authenticate(this.#user, this.#passwordOf(password), () => this.#rest());
  }

  #request(): Request {
    const isForeign = this.draw(3, "foreign") === 0;
    const key = fromText(
      isForeign ? `k${this.draw(3, "key")}` : `${this.#keys}${this.draw(2, "key")}`,
    );
    const put = putOf(key, toBytes(fromText(`${this.#keys}${this.#values++}`)));
    switch (this.draw(6, "kind")) {
      case 0:
      case 1:
        return put;
      case 2:
        return nested(put);
      case 3:
        return { kind: "delete_range", key, rangeEnd: EMPTY, prevKv: true };
      default:
        return readOf(key);
    }
  }

  #rest(): void {
    this.after(ACT_MICROS * (0.25 + this.draw(3, "rest")), () => this.#act());
  }

  #range(): Readonly<{ key: Bytes; rangeEnd: Bytes }> {
    const key = fromText(this.#keys);
    return { key, rangeEnd: prefixEnd(key) ?? EMPTY };
  }

  #passwordOf(nth: number): string {
    return `guest ${this.#number}, ${nth}`;
  }
}

/** A transaction in a transaction, which certainly puts. */
function nested(put: RequestOp): Request {
  const inner = { kind: "txn", compare: [], success: [put], failure: [] } as const;
  return { kind: "txn", compare: [], success: [inner], failure: [] };
}

function isThere({ name }: Readonly<{ name: string }>): boolean {
  return name === "UserAlreadyExist" || name === "RoleAlreadyExist" || name === "UserEmpty";
}
