// Makes both servers empty and equal again, whatever a sequence did to them: who may see
// everything, without alarms, with their first members alone, and without users, leases and keys.

import type { Bytes } from "../../../core/contract.ts";
import { ERRORS } from "../../../core/api/errors.ts";
import type { Outcome } from "./outcome.ts";
import type { Sides } from "../pair.ts";
import type { CallStep, Step } from "./step.ts";
import { PASSWORDS, ROOT } from "./step.ts";
import { MEMBER } from "./symbols.ts";

/** No step writes it. */
export const FENCE_KEY = "\u00ff\u00ff" as Bytes;
export const EVERY_KEY = { key: "\0" as Bytes, rangeEnd: "\0" as Bytes } as const;

type Ask = (step: CallStep) => Promise<Outcome>;
type Alarm = Readonly<{ memberId: bigint; alarm: number }>;

const DEACTIVATE = 2;

export class Tidying {
  readonly #sides: Sides;
  readonly #call: Ask;
  /** As whom it asks. */
  self = "";
  #namesUsers = false;
  #raisesAlarms = false;
  #changesMembers = false;

  constructor(sides: Sides, call: Ask) {
    this.#sides = sides;
    this.#call = call;
  }

  /** What is said now may have to be undone. */
  note({ kind }: Step): void {
    if (/^(user|role|auth)/.test(kind)) this.#namesUsers = true;
    if (kind === "alarm") this.#raisesAlarms = true;
    if (kind.startsWith("member_")) this.#changesMembers = true;
  }

  /** Takes root's part where there are users, for only root may see everything. False: root
   *  cannot be had. */
  async becomeRoot(): Promise<boolean> {
    if (!this.#namesUsers) return true;
    this.self = ROOT;
    for (const password of PASSWORDS) {
      const message = { name: ROOT, password };
      const { code, words } = await this.#call({ kind: "authenticate", at: 0, as: "", message });
      if (code === 0 || words === ERRORS.AuthNotEnabled.message) return true;
    }
    return false;
  }

  /** Lets all alarms go. */
  async disarm(): Promise<void> {
    if (!this.#raisesAlarms) return;
    const { message } = await this.#ask("alarm", {});
    for (const { memberId, alarm } of (message?.["alarms"] ?? []) as readonly Alarm[]) {
      await this.#ask("alarm", { action: DEACTIVATE, memberId, alarm });
    }
  }

  /** False: that cannot be done. */
  async empty(): Promise<boolean> {
    if (!(await this.#forgetUsers())) return false;
    await this.disarm();
    await this.#forgetMembers();
    const { code, message } = await this.#ask("leases", {});
    if (code !== 0) return false;
    const leases = (message?.["leases"] ?? []) as readonly Readonly<{ id: bigint }>[];
    for (const { id } of leases) await this.#ask("revoke", { id });
    // there is always something to delete, and with that something to compact
    await this.#ask("put", { key: FENCE_KEY });
    const gone = await this.#ask("delete", EVERY_KEY);
    const { revision = 0 } = (gone.message?.["header"] ?? {}) as { revision?: number };
    await this.#ask("compact", { revision: revision - this.#sides.base + 1, physical: true });
    return true;
  }

  async #forgetUsers(): Promise<boolean> {
    if (!this.#namesUsers) return true;
    if (!(await this.becomeRoot())) return false;
    await this.#ask("auth_disable", {});
    const users = await this.#ask("user_list", {});
    for (const name of (users.message?.["users"] ?? []) as readonly string[]) {
      await this.#ask("user_delete", { name });
    }
    const roles = await this.#ask("role_list", {});
    for (const role of (roles.message?.["roles"] ?? []) as readonly string[]) {
      await this.#ask("role_delete", { role });
    }
    this.self = "";
    return true;
  }

  /** The first ones stay, with their first URLs. */
  async #forgetMembers(): Promise<void> {
    if (!this.#changesMembers) return;
    const count = BigInt(this.#sides.members);
    const { message } = await this.#ask("member_list", {});
    for (const { id } of (message?.["members"] ?? []) as readonly Readonly<{ id: bigint }>[]) {
      if (id >= MEMBER + count) await this.#ask("member_remove", { id });
    }
    if (count > 1n) return;
    await this.#ask("member_update", { id: MEMBER, peerUrls: ["peer0"] });
  }

  #ask<C extends CallStep["kind"]>(
    kind: C,
    message: Extract<CallStep, { kind: C }>["message"],
  ): Promise<Outcome> {
    return this.#call({ kind, at: 0, as: this.self, message } as CallStep);
  }
}
