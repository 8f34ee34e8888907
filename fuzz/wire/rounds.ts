// One round: what one connection says to one member. Calls of every kind, most of them well-formed
// and many mutated, or an abuse of HTTP/2 itself. It is a function of the seed and its number.

import { FLAG, FRAME, SETTING } from "../../net/http2/frames.ts";
import { concat, frame, MadeClient, message, REQUEST } from "../../net/http2/testing.ts";
import type { MessageName } from "../../net/wire/messages/etcd-messages.ts";
import { CALLS } from "../differential/steps/calls.ts";
import type { Dice } from "./chance.ts";
import { createDice } from "./chance.ts";
import { drawMessage } from "./messages.ts";
import { mutate } from "./mutate.ts";

export type Round = Readonly<{ member: number; text: string; bytes: Uint8Array }>;

type Service = readonly [path: string, request: MessageName];

const SERVICES: readonly Service[] = [
  ...Object.values(CALLS).map(([path, request]): Service => [path, request]),
  ["/etcdserverpb.Watch/Watch", "WatchRequest"],
  ["/etcdserverpb.Lease/LeaseKeepAlive", "LeaseKeepAliveRequest"],
  ["/etcdserverpb.Maintenance/Snapshot", "SnapshotRequest"],
  ["/etcdserverpb.KV/RangeStream", "RangeRequest"],
];
/** Members that are not there would be many, and the others no majority of them. */
const NEVER: readonly string[] = ["MemberAdd", "MemberRemove"];
const CALLS_MAX = 6;
const FLOOD = 300;

/** `token`: of root, which some calls show where authentication is on. All else is the same with
 *  any token. */
export function roundOf(seed: number, nth: number, members: number, token: string): Round {
  const dice = createDice(seed, nth);
  const member = dice.below(members);
  const made = new MadeClient();
  const hello = made.hello([SETTING.INITIAL_WINDOW_SIZE, dice.pick([0, 1, 65_535, 2 ** 31 - 1])]);
  const said: Uint8Array[] = [hello];
  const names: string[] = [];
  for (let at = 0, count = 1 + dice.below(CALLS_MAX); at < count; at++) {
    const [name, bytes] = dice.one(6)
      ? drawAbuse(made, 2 * at + 1, dice)
      : drawCall(made, 2 * at + 1, dice, token);
    names.push(name);
    said.push(bytes);
  }
  return { member, text: names.join(" "), bytes: Buffer.concat(said) };
}

function drawCall(made: MadeClient, stream: number, dice: Dice, token: string): Said {
  const [path, request] = dice.pick(SERVICES);
  const drawn = drawMessage(request, dice);
  const isMutated = dice.one(2) || NEVER.some((name) => path.endsWith(name));
  const name = path.slice(path.lastIndexOf("/") + 1) + (isMutated ? "*" : "");
  const isMember = NEVER.some((each) => path.endsWith(each));
  const body = isMember ? Uint8Array.of(0x0a, 0xff) : isMutated ? mutate(drawn, dice) : drawn;
  const fields = REQUEST.map(
    ([field, value]) => [field, field === ":path" ? path : value] as const,
  );
  const isStranger = dice.one(4) || token === "";
  const shown = isStranger ? fields : [...fields, ["token", token] as const];
  const framed = dice.one(12) ? mutate(message(body), dice) : message(body, dice.one(30) ? 1 : 0);
  return [
    name,
    Buffer.concat([made.headers(stream, shown), ...pieces(made, stream, framed, dice)]),
  ];
}

/** As frames of data, of which the last one ends the call, or does not. */
function pieces(made: MadeClient, stream: number, bytes: Uint8Array, dice: Dice): Uint8Array[] {
  const size = dice.pick([1 + dice.below(50), 16_384, 16_384]);
  const frames: Uint8Array[] = [];
  const count = Math.min(1000, Math.ceil(bytes.length / size));
  for (let at = 0; at < count; at++) {
    frames.push(made.data(stream, bytes.subarray(at * size, (at + 1) * size)));
  }
  if (!dice.one(5)) frames.push(made.data(stream, new Uint8Array(0), true));
  return frames;
}

type Said = readonly [name: string, bytes: Uint8Array];
type Abuse = (made: MadeClient, stream: number, dice: Dice) => Uint8Array;

const EMPTY = new Uint8Array(0);
const ABUSES: Readonly<Record<string, Abuse>> = {
  "continuation flood": (_, stream) =>
    flood(frame(FRAME.HEADERS, 0, stream, EMPTY), () =>
      frame(FRAME.CONTINUATION, 0, stream, EMPTY),
    ),
  "settings flood": (made) => flood(EMPTY, () => made.settings([SETTING.INITIAL_WINDOW_SIZE, 7])),
  "ping flood": (made) => flood(EMPTY, () => made.ping()),
  "reset flood": (made, stream) =>
    flood(EMPTY, (at) => concat(made.headers(stream + 2 * at), made.reset(stream + 2 * at))),
  "window games": (made, stream, dice) =>
    concat(
      made.headers(stream),
      flood(EMPTY, () => made.widen(dice.pick([0, stream]), 2 ** 20)),
    ),
  "header bomb": (made, stream, dice) =>
    made.headers(stream, [...REQUEST, ["x", "y".repeat(dice.below(15_000))]]),
  "any frame": (_, stream, dice) =>
    frame(dice.below(12), dice.below(256), dice.pick([0, stream]), new Uint8Array(dice.below(40))),
  "padding only": (_, stream) => frame(FRAME.DATA, FLAG.PADDED, stream, Uint8Array.of(255)),
  noise: (_, __, dice) => new Uint8Array(dice.below(300)).map(() => dice.below(256)),
};

function drawAbuse(made: MadeClient, stream: number, dice: Dice): Said {
  const name = dice.pick(Object.keys(ABUSES));
  return [`(${name})`, (ABUSES[name] as Abuse)(made, stream, dice)];
}

function flood(first: Uint8Array, next: (at: number) => Uint8Array): Uint8Array {
  return Buffer.concat([first, ...Array.from({ length: FLOOD }, (_, at) => next(at))]);
}
