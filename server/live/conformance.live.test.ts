// The conformance suite through sockets: members of detcd, alone and three together, and so many of
// a real etcd, which shows that the suite itself is right.

import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import { afterAll, describe, expect, it } from "vitest";
import { CASES } from "../../core/conformance/conformance.ts";
import type { By, Case } from "../../core/conformance/cases/case.ts";
import { playCase } from "../../core/conformance/player.ts";
import type { Order } from "../../core/conformance/player.ts";
import type { Told } from "../../core/conformance/show.ts";
import { decodeResponse, encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import { createEtcdClient } from "../../net/socket/client.ts";
import type { MemberPlan } from "./testing.ts";
import {
  cleanUp,
  HAS_ETCD,
  PATIENCE_MS,
  pause,
  planMembers,
  startEtcd,
  startMember,
} from "./testing.ts";

const NOTHING: Told = { kind: "nothing" };
const INSTALLED = "3.4"; // Debian's etcd
const CHEAP = ["--bcrypt-cost=4"];

type Open = {
  readonly stream: ClientDuplexStream<Buffer, Buffer>;
  readonly told: Told[]; // and not yet heard
  wake: () => void;
};

class Sockets {
  readonly #clients: readonly Client[];
  readonly #streams = new Map<string, Open>();

  constructor(plans: readonly MemberPlan[]) {
    this.#clients = plans.map(({ clientUrl }) => {
      const options = { "grpc.max_receive_message_length": -1, "grpc.enable_retries": 0 };
      const authority = clientUrl.replace("http://", "");
      return new Client(authority, credentials.createInsecure(), options);
    });
  }

  async complaintOf(test: Case): Promise<string | null> {
    const play = playCase(test);
    let next = play.next();
    while (next.done !== true) next = play.next(await this.#take(next.value));
    return next.value;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #take(order: Order): Promise<Told> {
    switch (order.kind) {
      case "call":
        return this.#call(order);
      case "begin":
        this.#open(order).stream.end(Buffer.from(encodeRequest(order.request)));
        return NOTHING;
      case "say":
        this.#say(order);
        return NOTHING;
      case "hear":
        return this.#hear(this.#streamOf(order.stream));
      case "close":
        this.#streamOf(order.stream).stream.end();
        return NOTHING;
      case "leave":
        this.#streamOf(order.stream).stream.cancel();
        this.#streams.delete(order.stream);
        return NOTHING;
    }
  }

  #call({ member, request, token }: Extract<Order, { kind: "call" }>): Promise<Told> {
    const path = pathOf(request);
    const message = Buffer.from(encodeRequest(request));
    const options = { deadline: Date.now() + PATIENCE_MS };
    const shown = shownBy(token);
    return new Promise((resolve) => {
      const answered = (error: ServiceError | null, bytes?: Buffer): void => {
        if (error) resolve({ kind: "error", code: error.code, message: error.details });
        else resolve(toldOf(path, bytes ?? Buffer.alloc(0)));
      };
      const client = this.#client(member);
      client.makeUnaryRequest(path, raw, raw, message, shown, options, answered);
    });
  }

  #say(order: Extract<Order, { kind: "say" }>): void {
    const open = this.#streams.get(order.stream) ?? this.#open(order);
    open.stream.write(Buffer.from(encodeRequest(order.request)));
  }

  #open({ member, stream: name, request, token }: Extract<Order, { stream: string } & By>): Open {
    const path = pathOf(request);
    const stream = this.#client(member).makeBidiStreamRequest(path, raw, raw, shownBy(token));
    const open: Open = { stream, told: [], wake: () => undefined };
    const tell = (told: Told): void => {
      open.told.push(told);
      open.wake();
    };
    stream.on("data", (bytes: Buffer) => tell(toldOf(path, bytes)));
    stream.on("error", () => undefined); // told as the status
    stream.on("status", ({ code, details }) => {
      tell(code === status.OK ? { kind: "end" } : { kind: "error", code, message: details });
    });
    this.#streams.set(name, open);
    return open;
  }

  async #hear(open: Open): Promise<Told> {
    if (open.told.length === 0) {
      const woken = new Promise<void>((resolve) => (open.wake = resolve));
      await Promise.race([woken, pause(PATIENCE_MS)]);
    }
    return open.told.shift() ?? NOTHING;
  }

  #client(member: number): Client {
    return this.#clients[member % this.#clients.length] as Client;
  }

  #streamOf(name: string): Open {
    const open = this.#streams.get(name);
    if (open === undefined) throw new Error(`stream ${name} is not open`);
    return open;
  }
}

function toldOf(path: string, bytes: Uint8Array): Told {
  const decoded = decodeResponse(path, bytes);
  if (decoded.ok) return { kind: "response", response: decoded.value };
  throw new Error(decoded.error.message);
}

function shownBy(token: string): Metadata {
  const metadata = new Metadata();
  if (token !== "") metadata.set("token", token);
  return metadata;
}

function raw(message: Buffer): Buffer {
  return message;
}

afterAll(cleanUp);

/** All that the members do otherwise. */
async function complaintsOf(plans: readonly MemberPlan[], cases: readonly Case[]): Promise<string> {
  const sockets = new Sockets(await leaderFirst(plans));
  const complaints: string[] = [];
  for (const test of cases) {
    const complaint = await sockets.complaintOf(test).catch((error: unknown) => String(error));
    complaints.push(complaint ?? "");
  }
  sockets.close();
  return complaints.filter((complaint) => complaint !== "").join("\n\n");
}

async function leaderFirst(plans: readonly MemberPlan[]): Promise<readonly MemberPlan[]> {
  for (const [at, { clientUrl }] of plans.entries()) {
    const client = createEtcdClient(clientUrl);
    const answer = await client.call({ kind: "status" }, PATIENCE_MS);
    client.close();
    if (!answer.ok || answer.value.kind !== "status") continue;
    const { header, leader } = answer.value;
    if (leader === header.memberId) return [...plans.slice(at), ...plans.slice(0, at)];
  }
  throw new Error("nobody leads");
}

const NAMES = ["one", "two", "three"];

describe.concurrent("through sockets, every case of the suite holds for members of detcd:", () => {
  it.each([1, 3])("%i of them", async (count) => {
    const plans = await planMembers(NAMES.slice(0, count));
    await Promise.all(plans.map((plan) => startMember(plan, CHEAP)));
    expect(await complaintsOf(plans, CASES)).toBe("");
  });
});

const skipReason = HAS_ETCD ? "" : " (skipped: etcd is not installed)";
describe
  .skipIf(!HAS_ETCD)
  .concurrent(`so it does for members of etcd, as far as they are as new${skipReason}:`, () => {
    it.each([1, 3])("%i of them", async (count) => {
      const plans = await planMembers(NAMES.slice(0, count));
      await Promise.all(plans.map((plan) => startEtcd(plan, CHEAP)));
      const cases = CASES.filter((test) => test.since <= INSTALLED);
      expect(await complaintsOf(plans, cases)).toBe("");
    });
  });
