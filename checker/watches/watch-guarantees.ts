// What watches promise (W1 to W15), as predicates over what clients heard on their streams and the
// chronicle of the store. Everything is one pass over what each watch was told.

import type { WatchEvent } from "../../core/api/request.ts";
import type { Chronicle, Placed } from "../model/chronicle.ts";
import { eventAt, isSamePair, pairAt, pairsAt, placeOf, topAt } from "../model/chronicle.ts";
import { describeKey, describePair, describeTime } from "../model/describe.ts";
import type { Complaint, RuleId } from "../rules.ts";
import { complain, firstOfEach } from "../rules.ts";
import type { CachedView, Session } from "./watch-history.ts";
import type { Told, Watch } from "./watch-views.ts";
import { describeWatch, viewsOf, wants } from "./watch-views.ts";

export type Watched = Readonly<{
  sessions: readonly Session[];
  copies: readonly CachedView[];
  /** What was applied by then has reached every open watch; −∞: that was not observed. */
  caughtUpBy: number;
}>;

/** The first breach of each rule, the most telling rule first. */
export function brokenWatchRules(
  { sessions, copies, caughtUpBy }: Watched,
  chronicle: Chronicle,
): readonly Complaint[] {
  const found: Complaint[] = [];
  const object = (complaint: Complaint): void => void found.push(complaint);
  for (const session of sessions) {
    const { watches, complaints, unanswered } = viewsOf(session);
    complaints.forEach(object);
    checkHeaders(session, chronicle, object);
    for (const watch of watches) {
      checkEvents(watch, chronicle, object);
      checkOrder(watch, chronicle, object);
      checkAtomicity(watch, chronicle, object);
      const place = checkSlice(watch, chronicle, object);
      if (session.endedAt === null) checkDelivery(watch, place, chronicle, caughtUpBy, object);
    }
    const late = unanswered.find(({ at }) => session.endedAt === null && at <= caughtUpBy);
    if (late !== undefined) object(neverCreated(session, late.at));
  }
  checkCopies(copies, chronicle, object);
  checkAgreement(sessions, object);
  return firstOfEach(found.toSorted((a, b) => ORDER.indexOf(a.rule) - ORDER.indexOf(b.rule)));
}

/** What explains more comes before what follows from it. */
// prettier-ignore
const ORDER: readonly RuleId[] = [
  "W11", "W1", "W12", "W9", "W10", "W3", "W2", "W4", "W8", "W6", "W7", "W5", "W13", "W14", "W15",
];

type Object = (complaint: Complaint) => void;

/** W10. An answer about compaction has no revision, as in etcd. */
function checkHeaders(session: Session, chronicle: Chronicle, object: Object): void {
  let term = 0;
  for (const { response, sentAt, at } of session.heard) {
    const { header, events, compactRevision } = response;
    const last = events.at(-1)?.kv.modRevision ?? 0;
    const flaw = (text: string): void =>
      object(
        complain("W10", [
          `  client ${session.client} on node ${session.node} (stream ${session.id}) ` +
            `heard at ${describeTime(at)} of revision ${header.revision}, term ${header.raftTerm}`,
          text,
        ]),
      );
    if (header.memberId !== session.member) flaw(`However, member ${header.memberId} spoke.`);
    if (header.raftTerm < term) flaw(`However, term ${term} had been told before.`);
    term = header.raftTerm;
    if (compactRevision > 0) continue;
    if (header.revision < last) flaw(`However, it comes with an event of revision ${last}.`);
    const top = topAt(chronicle, sentAt);
    if (header.revision > top) flaw(`However, revision ${top} was the last that there was.`);
  }
}

/** W1, W8, W9, W12: each event by itself. */
function checkEvents(watch: Watch, chronicle: Chronicle, object: Object): void {
  for (const told of watch.told) {
    for (const event of told.events) {
      const { key, modRevision } = event.kv;
      const lines = (): readonly string[] => [describeWatch(watch), describeTold(told, event)];
      if (!wants(watch, event))
        object(complain("W1", [...lines(), "However, it had not asked for that."]));
      const truth = eventAt(chronicle, key, modRevision);
      if (truth === null || modRevision > topAt(chronicle, told.heard.sentAt)) {
        object(
          complain("W12", [...lines(), "However, nothing of the kind was committed by then."]),
        );
      } else if (!isSameEvent(truth, event)) {
        const written = truth.event.kind === "put" ? describePair(truth.event.kv) : "a deletion";
        object(complain("W9", [...lines(), `However, the change was ${written}.`]));
      }
      const flaw = flawOfPrevious(watch, told, event, chronicle);
      if (flaw !== null) object(complain("W8", [...lines(), flaw]));
    }
  }
}

function isSameEvent({ event: truth }: Placed, { kind, kv }: WatchEvent): boolean {
  return kind === truth.kind && isSamePair(kv, truth.kv);
}

function flawOfPrevious(
  { ask }: Watch,
  { heard }: Told,
  { kind, kv, prevKv }: WatchEvent,
  chronicle: Chronicle,
): string | null {
  if (!ask.prevKv) return prevKv === null ? null : "However, no previous value was asked for.";
  const before = kv.modRevision - 1;
  const isCreation = kind === "put" && kv.version === 1;
  const truth = isCreation ? null : pairAt(chronicle, kv.key, before);
  const [from, to] = heard.compacted;
  if (prevKv !== null && before < from) {
    return `However, revision ${before} was compacted (below ${from}): there is no previous value.`;
  }
  if (prevKv === null) {
    if (truth === null || before < to) return null;
    return `However, it came without its previous value, ${describePair(truth)}.`;
  }
  if (truth !== null && isSamePair(prevKv, truth)) return null;
  return `However, its previous value ${describePair(prevKv)} was ${describePair(truth)}.`;
}

/** W2, W3. */
function checkOrder(watch: Watch, chronicle: Chronicle, object: Object): void {
  const seen = new Set<string>();
  let last: Placed | null = null;
  for (const told of watch.told) {
    for (const event of told.events) {
      const { key, modRevision } = event.kv;
      const lines = (): readonly string[] => [describeWatch(watch), describeTold(told, event)];
      const name = `${modRevision} ${key}`;
      if (seen.has(name)) object(complain("W3", [...lines(), "However, it had been told before."]));
      seen.add(name);
      const placed = eventAt(chronicle, key, modRevision);
      if (placed === null) continue;
      if (last !== null && placed.at <= last.at) {
        const { revision, sub, event: before } = last;
        const told2 = `${describeKey(before.kv.key)} of revision ${revision} (change ${sub + 1} of it)`;
        object(complain("W2", [...lines(), `However, ${told2} had been told before it.`]));
      }
      last = placed;
    }
  }
}

/** W4. What broke off in the middle is no response. */
function checkAtomicity(watch: Watch, chronicle: Chronicle, object: Object): void {
  for (const told of watch.told) {
    if (told.isTorn) continue;
    const revisions = new Set(told.events.map(({ kv }) => kv.modRevision));
    for (const revision of revisions) {
      const keys = new Set(
        told.events.filter(({ kv }) => kv.modRevision === revision).map(({ kv }) => kv.key),
      );
      const missing = changesOf(chronicle, revision).find(
        ({ event }) => wants(watch, event) && !keys.has(event.kv.key),
      );
      if (missing === undefined) continue;
      const at = describeTime(told.heard.at);
      const heard = `  it heard at ${at} of ${keys.size} changes of revision ${revision}`;
      const also = `However, ${describeKey(missing.event.kv.key)} changed in it, too.`;
      object(complain("W4", [describeWatch(watch), heard, also]));
    }
  }
}

function changesOf({ events }: Chronicle, revision: number): readonly Placed[] {
  const from = placeOf({ events } as Chronicle, revision);
  const to = placeOf({ events } as Chronicle, revision + 1);
  return events.slice(from, to);
}

/** How far a watch has been told of, in the places of the chronicle. */
type Slice = {
  readonly from: number; // the revision where it begins
  place: number;
  position: number; // all up to this revision has been told
  notice: number; // the last one
  hasEvents: boolean;
};

/** W5, W6, W7: what is told is a slice of what it wants, from its start, without gaps. Returns the
 *  place up to where it was told. */
function checkSlice(watch: Watch, chronicle: Chronicle, object: Object): number {
  const from = startOf(watch);
  const place = placeOf(chronicle, from);
  const slice: Slice = { from, place, position: from - 1, notice: 0, hasEvents: false };
  const [compacted] = watch.created.compacted;
  const isGone = watch.ask.startRevision > 0 && watch.ask.startRevision < compacted;
  for (const told of watch.told) {
    for (const event of told.events) {
      if (isGone) {
        const late = `However, everything below ${compacted} was compacted when it was created.`;
        object(complain("W6", [describeWatch(watch), describeTold(told, event), late]));
      }
      follow(watch, slice, told, event, chronicle, object);
    }
    if (told.kind === "notice") bookmark(watch, slice, told, chronicle, object);
    else if (told.kind === "canceled") lapse(watch, slice, told, object);
  }
  return slice.place;
}

/** Of what comes next: the revision behind the one at creation, or what was told from before. */
function startOf({ ask, created, told }: Watch): number {
  if (ask.startRevision > 0) return ask.startRevision;
  const first = told.find(({ events }) => events.length > 0)?.events[0]?.kv.modRevision;
  const next = created.response.header.revision + 1;
  return Math.min(first ?? next, next);
}

function follow(
  watch: Watch,
  slice: Slice,
  told: Told,
  event: WatchEvent,
  chronicle: Chronicle,
  object: Object,
): void {
  const placed = eventAt(chronicle, event.kv.key, event.kv.modRevision);
  if (placed === null) return;
  const { revision } = placed;
  const lines = (): readonly string[] => [describeWatch(watch), describeTold(told, event)];
  if (revision < slice.from)
    object(complain("W6", [...lines(), "However, it was to begin later."]));
  if (revision <= slice.notice) {
    const covered = `However, a notice of revision ${slice.notice} had come before.`;
    object(complain("W7", [...lines(), covered]));
  }
  const skipped = firstWanted(watch, chronicle, slice.place, placed.at);
  if (skipped !== null) {
    const rule = slice.hasEvents || watch.ask.startRevision === 0 ? "W5" : "W6";
    object(complain(rule, [...lines(), describeSkipped(skipped)]));
  }
  slice.place = Math.max(slice.place, placed.at + 1);
  slice.position = Math.max(slice.position, revision);
  slice.hasEvents = true;
}

function bookmark(
  watch: Watch,
  slice: Slice,
  told: Told,
  chronicle: Chronicle,
  object: Object,
): void {
  const { revision } = told.heard.response.header;
  const at = describeTime(told.heard.at);
  const lines = [describeWatch(watch), `  it was told at ${at} that it has all up to ${revision}`];
  if (revision < slice.notice) {
    object(complain("W7", [...lines, `However, ${slice.notice} had been told before.`]));
  }
  if (revision < watch.ask.startRevision) {
    object(complain("W7", [...lines, "However, that lies before its start."]));
  }
  const end = placeOf(chronicle, revision + 1);
  const skipped = firstWanted(watch, chronicle, slice.place, end);
  if (skipped !== null) object(complain("W7", [...lines, describeSkipped(skipped)]));
  slice.place = Math.max(slice.place, end);
  slice.notice = Math.max(slice.notice, revision);
  slice.position = Math.max(slice.position, revision);
}

/** Only what it had not been told yet can be missing, and only by compaction. */
function lapse(watch: Watch, slice: Slice, { heard }: Told, object: Object): void {
  const { compactRevision } = heard.response;
  if (compactRevision === 0) return; // the client wanted it so
  const at = describeTime(heard.at);
  const lines = [
    describeWatch(watch),
    `  it was canceled at ${at}, for all below ${compactRevision} is compacted`,
  ];
  const [from, to] = heard.compacted;
  if (compactRevision < from || compactRevision > to) {
    object(complain("W6", [...lines, `However, all below ${to} was.`]));
  }
  if (slice.position + 1 < compactRevision) return;
  const had = `However, it had been told everything up to ${slice.position}.`;
  object(complain("W6", [...lines, had]));
}

/** W13. */
function checkDelivery(
  watch: Watch,
  place: number,
  chronicle: Chronicle,
  caughtUpBy: number,
  object: Object,
): void {
  if (watch.isOver || watch.created.at > caughtUpBy) return;
  const lines = [describeWatch(watch), "  it was open to the end"];
  const { startRevision } = watch.ask;
  const [compacted] = watch.created.compacted;
  if (startRevision > 0 && startRevision < compacted) {
    const never = `However, it was never told that all below ${compacted} is compacted.`;
    return object(complain("W13", [...lines, never]));
  }
  const end = placeOf(chronicle, topAt(chronicle, caughtUpBy) + 1);
  const skipped = firstWanted(watch, chronicle, place, end);
  if (skipped !== null) object(complain("W13", [...lines, describeSkipped(skipped)]));
}

function neverCreated({ client, node, id }: Session, at: number): Complaint {
  const asked = `  client ${client} on node ${node} (stream ${id}) asked for a watch`;
  return complain("W13", [`${asked} at ${describeTime(at)}`, "However, no answer ever came."]);
}

/** W14. */
function checkCopies(copies: readonly CachedView[], chronicle: Chronicle, object: Object): void {
  for (const copy of copies) {
    const truth = pairsAt(chronicle, copy, copy.revision);
    const at = truth.findIndex((pair, nth) => {
      const held = copy.kvs[nth];
      return held === undefined || !isSamePair(held, pair);
    });
    const wrong = at >= 0 ? at : truth.length;
    if (wrong === truth.length && copy.kvs.length === truth.length) continue;
    object(
      complain("W14", [
        `  client ${copy.client} at ${describeTime(copy.at)}, by listing and watching, holds ` +
          `${copy.kvs.length} keys as of revision ${copy.revision}, among them ` +
          describePair(copy.kvs[wrong] ?? null),
        `However, in the store there was ${describePair(truth[wrong] ?? null)}.`,
      ]),
    );
  }
}

/** W15. Needs no chronicle. */
function checkAgreement(sessions: readonly Session[], object: Object): void {
  const known = new Map<string, Readonly<{ session: Session; event: WatchEvent }>>();
  for (const session of sessions) {
    for (const { response } of session.heard) {
      for (const event of response.events) {
        const name = `${event.kv.modRevision} ${event.kv.key}`;
        const other = known.get(name);
        if (other === undefined) known.set(name, { session, event });
        else if (other.event.kind !== event.kind || !isSamePair(other.event.kv, event.kv)) {
          const lines = [other, { session, event }].map(
            (each) =>
              `  client ${each.session.client} on node ${each.session.node} heard of ` +
              `a ${each.event.kind} of ${describePair(each.event.kv)}`,
          );
          object(complain("W15", [...lines, "However, a key changes once in a revision."]));
        }
      }
    }
  }
}

function firstWanted(watch: Watch, { events }: Chronicle, from: number, to: number): Placed | null {
  for (let at = from; at < to; at++) {
    const placed = events[at];
    if (placed !== undefined && wants(watch, placed.event)) return placed;
  }
  return null;
}

function describeTold({ heard }: Told, { kind, kv }: WatchEvent): string {
  const what =
    kind === "put" ? `a put of ${describePair(kv)}` : `a deletion of ${describeKey(kv.key)}`;
  const at = `at ${describeTime(heard.at)}, sent at ${describeTime(heard.sentAt)}`;
  return `  it heard ${at}: ${what} in revision ${kv.modRevision}`;
}

function describeSkipped({ event, revision }: Placed): string {
  const what = `${event.kind === "put" ? "a put" : "a deletion"} of ${describeKey(event.kv.key)}`;
  return `However, it was not told of ${what} in revision ${revision}.`;
}
