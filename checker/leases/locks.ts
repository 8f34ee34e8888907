// What clients may rely on about locks and elections: at the revision at which one is told that it
// holds a lock, its key is the oldest of all below the name. So no two hold it at one revision, and
// the revision that made the key is a fence that only rises.
//
// Whatever writes below such a name is in the history with its outcome: the inner calls of locks
// and elections, and the ends of leases. So the life of each key is known.

import type { KvRequest, KvResponse, Request, RequestOp } from "../../core/api/request.ts";
import type { Operation } from "../history.ts";

/** A key from one creation to its end: there at every revision r with created ≤ r < ended. */
type Life = {
  readonly key: string;
  readonly created: number;
  ended: number; // Infinity: it is there yet
  endedAt: number; // microseconds
};

type Change = Readonly<{ revision: number; at: number; key: string; isPut: boolean }>;

/** A sentence about the first promise that was not kept, or null. */
export function firstBrokenLock(history: readonly Operation[]): string | null {
  const lives = livesOf(history);
  for (const { id, input, outcome, return: end } of history) {
    if (outcome.kind !== "ok" || end === null) continue;
    const { output } = outcome;
    const broken =
      output.kind === "lock" && input.kind === "lock"
        ? brokenLock(lives, `${input.name}/`, output.key, output.header.revision)
        : output.kind === "campaign" && input.kind === "campaign"
          ? brokenLead(lives, `${input.name}/`, output.leader, end)
          : output.kind === "leader" && input.kind === "leader"
            ? brokenLock(lives, `${input.name}/`, output.kv.key, output.header.revision)
            : null;
    if (broken !== null) return `call ${id}, a ${input.kind}, ${broken}`;
  }
  return null;
}

function brokenLock(
  lives: readonly Life[],
  prefix: string,
  key: string,
  revision: number,
): string | null {
  const own = lives.find((life) => life.key === key && isThere(life, revision));
  if (own === undefined) return `was told of ${key} at ${revision}, when there was no such key`;
  const other = elders(lives, prefix, own).find((life) => isThere(life, revision));
  if (other === undefined) return null;
  return `was told of ${key} at ${revision}, when ${other.key} of ${other.created} was there yet`;
}

/** Its header is that of its first step: it has come to lead by when it is told so. */
function brokenLead(
  lives: readonly Life[],
  prefix: string,
  leader: Readonly<{ key: string; revision: number }>,
  toldAt: number,
): string | null {
  const { key, revision } = leader;
  const own = lives.find((life) => life.key === key && life.created === revision);
  if (own === undefined) return `was told to lead by ${key} of ${revision}, which never was`;
  for (const elder of elders(lives, prefix, own)) {
    if (elder.ended < own.ended && elder.endedAt <= toldAt) continue;
    const before = `${elder.key} of ${elder.created} ended`;
    return `was told to lead by ${key} of ${revision} before ${before}`;
  }
  return null;
}

/** The keys below the name that were there when this one was made. */
function elders(lives: readonly Life[], prefix: string, own: Life): readonly Life[] {
  return lives.filter(({ key, created, ended }) => {
    return key.startsWith(prefix) && created < own.created && ended > own.created;
  });
}

function isThere({ created, ended }: Life, revision: number): boolean {
  return created <= revision && revision < ended;
}

function livesOf(history: readonly Operation[]): readonly Life[] {
  const lives: Life[] = [];
  const alive = new Map<string, Life>();
  const changes = history.flatMap(changesOf).toSorted((a, b) => a.revision - b.revision);
  for (const { revision, at, key, isPut } of changes) {
    const life = alive.get(key);
    if (isPut && life === undefined) {
      const born = { key, created: revision, ended: Infinity, endedAt: Infinity };
      alive.set(key, born);
      lives.push(born);
    } else if (!isPut && life !== undefined) {
      life.ended = revision;
      life.endedAt = at;
      alive.delete(key);
    }
  }
  return lives;
}

function changesOf({ input, outcome, call }: Operation): readonly Change[] {
  if (outcome.kind !== "ok" || !isKeyed(input)) return [];
  return changed(input, outcome.output as KvResponse, outcome.output.header.revision, call);
}

/** Of one key each: nobody writes below these names otherwise. */
function changed(
  request: RequestOp,
  response: KvResponse | undefined,
  revision: number,
  at: number,
): readonly Change[] {
  if (request.kind === "put") return [{ revision, at, key: request.key, isPut: true }];
  if (request.kind === "delete_range" && response?.kind === "delete_range") {
    return response.deleted === 0 ? [] : [{ revision, at, key: request.key, isPut: false }];
  }
  if (request.kind !== "txn" || response?.kind !== "txn") return [];
  const branch = response.succeeded ? request.success : request.failure;
  return branch.flatMap((each, nth) => changed(each, response.responses[nth], revision, at));
}

function isKeyed(request: Request): request is KvRequest {
  const { kind } = request;
  return kind === "put" || kind === "delete_range" || kind === "txn";
}
