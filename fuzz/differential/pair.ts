// The two that are compared: what is said to both at once, each in its own words (given.ts), and
// what each gave.

import { CODEC } from "../../net/wire/messages/etcd-messages.ts";
import type { MessageName, ToWire } from "../../net/wire/messages/etcd-messages.ts";
import { CALLS } from "./steps/calls.ts";
import type { Given } from "./steps/bindings.ts";
import { nothingGiven, resolve } from "./steps/bindings.ts";
import { outcomeOf, rawOutcome } from "./steps/outcome.ts";
import type { Outcome } from "./steps/outcome.ts";
import type { RawAnswer, RawClient, RawStream } from "./raw-client.ts";
import type { CallStep, RawStep } from "./steps/step.ts";
import { IMPOSTOR, LEADER, STRANGERS } from "./steps/symbols.ts";

export type Servers = Readonly<{
  ours: readonly RawClient[];
  theirs: readonly RawClient[];
  /** The URLs of the members of each, and their symbols. */
  urls: Pair<ReadonlyMap<string, string>>;
  /** Resolves when etcd has looked through history for every watch. */
  settled: () => Promise<void>;
  /** Resolves when the members have known each other for long enough to change who they are. */
  acquainted: () => Promise<void>;
  restart: () => Promise<void>;
}>;

export type Pair<T> = Readonly<{ ours: T; theirs: T }>;

const FALSE_TOKEN = "not.a.token";

/** Nobody listens on a port below this one. */
const PORTS = 1024;
let port = 0;

export class Sides {
  readonly servers: Servers;
  readonly given: Pair<Given> = { ours: nothingGiven(), theirs: nothingGiven() };
  /** Revisions are counted from here on. */
  base = 1;

  constructor(servers: Servers) {
    this.servers = servers;
  }

  get members(): number {
    return this.servers.ours.length;
  }

  /** Learns who the members are: those that `list` tells, in the order of their URLs. */
  async meet(): Promise<void> {
    const strangers = STRANGERS.map((symbol) => [strangeUrl(), symbol] as const);
    for (const side of ["ours", "theirs"] as const) {
      const given = this.given[side];
      const known = [...this.servers.urls[side], ...strangers];
      for (const [url, symbol] of known) given.urls.set(url, symbol);
      const symbols = [...given.urls.values()];
      const [path, request, response] = CALLS.member_list;
      const client = this.servers[side][0] as RawClient;
      const { bytes } = await client.call(path, CODEC.encode(request, {}), null);
      const listed = CODEC.decode(response, bytes);
      if (!listed.ok) continue;
      const order = (urls: readonly string[]): number =>
        symbols.indexOf(given.urls.get(urls[0] ?? "") ?? "");
      const members = listed.value.members.toSorted(
        (a, b) => order(a.peerUrls) - order(b.peerUrls),
      );
      for (const { id } of members) given.members.push(BigInt(id));
    }
  }

  async call(step: CallStep): Promise<Pair<Outcome>> {
    const [path, request, response] = CALLS[step.kind];
    return this.both(step.at, response, async (client, given) => {
      const message = resolve(step.message, this.base, given);
      const bytes = CODEC.encode<MessageName>(request, message);
      const answer = await client.call(path, bytes, tokenOf(given, step.as));
      if (answer.code === 0) remember(given, step, answer.bytes);
      return answer;
    });
  }

  /** A stream with a member of each. */
  async open(at: number, path: string, as: string): Promise<Pair<RawStream>> {
    const { ours, theirs } = await this.clientsOf(at);
    return {
      ours: ours.open(path, tokenOf(this.given.ours, as)),
      theirs: theirs.open(path, tokenOf(this.given.theirs, as)),
    };
  }

  async both(
    at: number,
    name: MessageName,
    ask: (client: RawClient, given: Given) => Promise<RawAnswer>,
  ): Promise<Pair<Outcome>> {
    const clients = await this.clientsOf(at);
    const { given } = this;
    const [ours, theirs] = await Promise.all([
      ask(clients.ours, given.ours),
      ask(clients.theirs, given.theirs),
    ]);
    return {
      ours: outcomeOf(name, ours, given.ours),
      theirs: outcomeOf(name, theirs, given.theirs),
    };
  }

  async raw({ at, headers, body }: RawStep): Promise<Pair<Outcome>> {
    const clients = await this.clientsOf(at);
    const [ours, theirs] = await Promise.all([
      clients.ours.raw(headers, body),
      clients.theirs.raw(headers, body),
    ]);
    const called = Object.values(CALLS).find(([path]) => path === headers[":path"]);
    const name = called?.[2] ?? null;
    return {
      ours: rawOutcome(name, ours, this.given.ours),
      theirs: rawOutcome(name, theirs, this.given.theirs),
    };
  }

  /** Resolves when every member has answered a linearizable read. */
  async level(read: ToWire<"RangeRequest">): Promise<void> {
    const { ours, theirs } = this.servers;
    const [path, request] = CALLS.range;
    const ask = CODEC.encode(request, read);
    await Promise.all([...ours, ...theirs].map((client) => client.call(path, ask, null)));
  }

  async clientsOf(at: number): Promise<Pair<RawClient>> {
    const of = async (side: "ours" | "theirs"): Promise<RawClient> => {
      const number = at === LEADER ? await this.#leaderOf(side) : at % this.members;
      return this.servers[side][number] as RawClient;
    };
    return { ours: await of("ours"), theirs: await of("theirs") };
  }

  async #leaderOf(side: "ours" | "theirs"): Promise<number> {
    if (this.members === 1) return 0;
    const [path, request, response] = CALLS.status;
    const client = this.servers[side][0] as RawClient;
    const answer = await client.call(path, CODEC.encode(request, {}), null);
    const status = CODEC.decode(response, answer.bytes);
    const leader = status.ok ? BigInt(status.value.leader) : 0n;
    return Math.max(0, this.given[side].members.indexOf(leader));
  }
}

/** One at which nobody was added for long: in etcd the id of a new member comes from its URL and
 *  the second, and an id that was removed is not taken again. */
function strangeUrl(): string {
  port = (port % (PORTS - 1)) + 1;
  return `http://127.0.0.1:${port}`;
}

/** Null: nobody's. */
export function tokenOf({ tokens }: Given, as: string): string | null {
  return tokens.get(as) ?? null;
}

/** What a server chose in this answer. */
function remember(given: Given, step: CallStep, bytes: Uint8Array): void {
  switch (step.kind) {
    case "grant": {
      const granted = CODEC.decode("LeaseGrantResponse", bytes);
      if (!step.message.id && granted.ok) given.leases.push(BigInt(granted.value.id));
      return;
    }
    case "member_add": {
      const added = CODEC.decode("MemberAddResponse", bytes);
      if (added.ok) given.members.push(BigInt(added.value.member?.id ?? 0));
      return;
    }
    case "authenticate": {
      const granted = CODEC.decode("AuthenticateResponse", bytes);
      if (granted.ok) given.tokens.set(step.message.name ?? "", granted.value.token);
      return;
    }
    case "auth_enable": // before, 3.4 takes no token at all, and newer ones any
      given.tokens.set(IMPOSTOR, FALSE_TOKEN);
      return;
    case "auth_disable":
      return given.tokens.clear();
    default:
  }
}
