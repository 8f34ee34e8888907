// A case of the conformance suite: calls, and what is answered, as text that a person can read.
//
// A case is written as if it began on an empty server, whose revision is 1. Where it runs on one
// that has been used, the player shifts the revisions of requests and answers by what was there.
// An answer is every field of it that is not zero, one line for the whole and one more for each
// thing in it (show.ts). `*` stands for anything, and `<name>` for anything that is the same
// wherever the case says the name again; a request made by a function of what is known may use it.

import type { Request, StreamRequest, WatchAsk } from "../../api/request.ts";

/** The first release of etcd that answers so. */
export type Release = "3.4" | "3.5" | "3.6" | "3.7";

export type Case = Readonly<{ name: string; since: Release; steps: readonly CaseStep[] }>;

export type CaseStep = Readonly<
  | ({ kind: "call"; request: Late<CallRequest>; answer: readonly string[] } & By)
  | ({ kind: "begin"; stream: string; request: Late<CallRequest> } & By)
  | ({ kind: "say"; stream: string; request: Late<StreamRequest> } & By)
  | { kind: "hear"; stream: string; answer: readonly string[] }
  | { kind: "close"; stream: string } // says no more, but listens
  | { kind: "leave"; stream: string }
>;

/** To which member, and what the token is known by that is shown; "": none is. */
export type By = Readonly<{ member: number; token: string }>;

/** One question, one answer. */
export type CallRequest = Exclude<Request, StreamRequest>;

/** A request, or one that needs what earlier answers told. */
export type Late<R> = R | ((known: Known) => R);
export type Known = (name: string) => string;

const ANYBODY: By = { member: 0, token: "" };

export function caseOf(name: string, ...steps: readonly CaseStep[]): Case {
  return { name, since: "3.4", steps };
}

/** True of this release and those after it. */
export function since(release: Release, test: Case): Case {
  return { ...test, since: release };
}

export function call(request: Late<CallRequest>, ...answer: readonly string[]): CaseStep {
  return { kind: "call", ...ANYBODY, request, answer };
}

/** A call whose answer is waited for later, with `hear`. */
export function begin(stream: string, request: Late<CallRequest>): CaseStep {
  return { kind: "begin", ...ANYBODY, stream, request };
}

/** The first thing said on a stream opens it; what a name stands for lasts as long as the case. */
export function say(stream: string, request: Late<StreamRequest>): CaseStep {
  return { kind: "say", ...ANYBODY, stream, request };
}

export function ask(stream: string, watch: WatchAsk): CaseStep {
  return say(stream, { kind: "watch", ask: watch });
}

/** The next that is told on a stream. */
export function hear(stream: string, ...answer: readonly string[]): CaseStep {
  return { kind: "hear", stream, answer };
}

export function close(stream: string): CaseStep {
  return { kind: "close", stream };
}

export function leave(stream: string): CaseStep {
  return { kind: "leave", stream };
}

/** The same at another member, if there are so many: else at one of those that there are. */
export function at(member: number, step: CaseStep): CaseStep {
  return "member" in step ? { ...step, member } : step;
}

/** The same by whoever shows the token that is known by this name. */
export function as(token: string, step: CaseStep): CaseStep {
  return "token" in step ? { ...step, token } : step;
}
