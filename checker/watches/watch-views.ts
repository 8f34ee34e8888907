// A stream as its watches: what each was told, pieces put together again. Whatever cannot be put in
// its place breaks the protocol (W11).

import type { WatchAsk, WatchEvent } from "../../core/api/request.ts";
import { isInRange } from "../model/etcd-model.ts";
import { describeKeys, describeTime } from "../model/describe.ts";
import type { Complaint } from "../rules.ts";
import { complain } from "../rules.ts";
import type { Heard, Session, Stored } from "./watch-history.ts";

type Ask = Extract<WatchAsk, { kind: "create" }>;

export type Watch = Readonly<{
  session: Session;
  ask: Ask;
  id: bigint;
  created: Heard;
  told: readonly Told[];
  isOver: boolean; // canceled, by either side
  isHeld: boolean; // its id is taken: as in etcd, until its client has canceled it
}>;

/** A whole response, of one watch or, a notice, of all watches of the stream. */
export type Told = Readonly<{
  kind: "events" | "notice" | "canceled";
  heard: Heard; // the last piece
  events: readonly WatchEvent[];
  isTorn: boolean; // the stream broke before the last piece
}>;

export type Views = Readonly<{
  watches: readonly Watch[];
  unanswered: Session["said"]; // creations
  complaints: readonly Complaint[];
}>;

type Open = {
  -readonly [K in keyof Watch]: K extends "told" ? Told[] : Watch[K];
} & { pieces: WatchEvent[]; last: Heard };

export function viewsOf(session: Session): Views {
  const asks = session.said.filter(({ ask }) => ask.kind === "create");
  const watches: Open[] = [];
  const complaints: Complaint[] = [];
  let answered = 0;
  for (const heard of session.heard) {
    const { created, canceled, watchId } = heard.response;
    const object = (text: string): void =>
      void complaints.push(complain("W11", [...situation(session, heard), text]));
    if (created) {
      const ask = asks[answered++]?.ask;
      if (ask?.kind !== "create") object("However, no such watch was asked for.");
      else if (canceled && isSound(watches, ask)) object("However, nothing was wrong with it.");
      else if (canceled) continue;
      else create(watches, session, ask, heard, object);
      continue;
    }
    const left = watches.find((watch) => watch.isOver && watch.isHeld && watch.id === watchId);
    if (canceled && left !== undefined && wasAskedTo(left, heard)) {
      left.isHeld = false;
      continue;
    }
    const open = watches.filter(({ isOver }) => !isOver);
    const isForAll = watchId === -1n && heard.response.events.length === 0;
    const concerned = isForAll ? open : open.filter(({ id }) => id === watchId);
    if (concerned.length === 0) object("However, no watch of this id is open on the stream.");
    for (const watch of concerned) tell(watch, heard, object);
  }
  for (const watch of watches) {
    if (watch.pieces.length > 0) watch.told.push(whole("events", watch.last, watch, true));
  }
  return { watches, unanswered: asks.slice(answered), complaints };
}

/** The watch asked for this event: its key, and its kind. */
export function wants({ ask }: Watch, { kind, kv }: Pick<Stored, "kind" | "kv">): boolean {
  if (kind === "put" ? ask.noPut : ask.noDelete) return false;
  const from = ask.key === "" ? "\0" : ask.key;
  return isInRange(kv.key, from, ask.rangeEnd);
}

export function describeWatch({ session, ask, id, created }: Watch): string {
  const from = ask.startRevision === 0 ? "what comes next" : `revision ${ask.startRevision}`;
  const options = [
    [ask.noPut, "no puts"],
    [ask.noDelete, "no deletes"],
    [ask.prevKv, "previous values"],
  ] as const;
  const told = options.flatMap(([isOn, text]) => (isOn ? [`, ${text}`] : []));
  return (
    `  watch ${id} of client ${session.client} on node ${session.node} (stream ${session.id}), ` +
    `${describeKeys(ask.key, ask.rangeEnd)} from ${from}${told.join("")}, created at ` +
    `${describeTime(created.at)} (revision ${created.response.header.revision})`
  );
}

function situation({ client, node, id }: Session, { at, response }: Heard): readonly string[] {
  const { watchId, created, canceled, events, header } = response;
  const what = [created ? "created" : "", canceled ? "canceled" : ""].filter(Boolean).join(", ");
  const said = what === "" ? `${events.length} events` : what;
  return [
    `  client ${client} on node ${node} (stream ${id}) heard at ${describeTime(at)}, ` +
      `revision ${header.revision}: watch ${watchId}, ${said}`,
  ];
}

type Object = (text: string) => void;

/** Nothing speaks against this watch. */
function isSound(
  watches: readonly Open[],
  { key, rangeEnd, startRevision, watchId }: Ask,
): boolean {
  const isEmpty = rangeEnd !== "" && rangeEnd !== "\0" && rangeEnd <= key;
  const isTaken = watchId !== 0n && watches.some(({ id, isHeld }) => id === watchId && isHeld);
  return !isEmpty && !isTaken && startRevision >= 0;
}

function create(watches: Open[], session: Session, ask: Ask, heard: Heard, object: Object): void {
  const id = heard.response.watchId;
  if (ask.watchId !== 0n && id !== ask.watchId) object(`However, id ${ask.watchId} was asked for.`);
  const isTaken = watches.some((watch) => watch.id === id && watch.isHeld);
  if (isTaken) object("However, another watch of the stream has this id.");
  const nothing = { told: [], isOver: false, isHeld: true, pieces: [], last: heard };
  watches.push({ session, ask, id, created: heard, ...nothing });
}

function tell(watch: Open, heard: Heard, object: Object): void {
  const { events, fragment, canceled, compactRevision } = heard.response;
  watch.last = heard;
  for (const event of events) watch.pieces.push(event);
  if (fragment && !watch.ask.fragment) object("However, it had not asked for pieces.");
  if (fragment) return;
  if (!canceled) {
    const kind = watch.pieces.length === 0 ? "notice" : "events";
    watch.told.push(whole(kind, heard, watch, false));
  } else {
    watch.told.push(whole("canceled", heard, watch, false));
    watch.isOver = true;
    watch.isHeld = compactRevision > 0;
    if (compactRevision === 0 && !wasAskedTo(watch, heard))
      object("However, nobody asked for that.");
  }
  watch.pieces = [];
}

function whole(kind: Told["kind"], heard: Heard, { pieces }: Open, isTorn: boolean): Told {
  return { kind, heard, events: pieces, isTorn };
}

function wasAskedTo({ session, id }: Open, { at }: Heard): boolean {
  return session.said.some(
    (said) => said.at <= at && said.ask.kind === "cancel" && said.ask.watchId === id,
  );
}
