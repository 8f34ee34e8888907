// The etcd model in the form of the general engine, revisions and all. It is the slow, simple way
// to judge a history: the referee of the fast one.

import type { KvRequest } from "../../core/api/request.ts";
import { differenceOf } from "./etcd-answer.ts";
import { EMPTY_STORE, evaluate } from "./etcd-model.ts";
import type { EtcdState, Version } from "./etcd-model.ts";
import { changes } from "./history-of-keys.ts";
import type { Reply } from "./history-of-keys.ts";
import type { Model } from "../linearizability/linearizability.ts";

export const SEQUENTIAL_ETCD: Model<EtcdState, KvRequest, Reply> = {
  initial: EMPTY_STORE,
  accept: (state, input, output) => {
    const outcome = evaluate(state, input);
    return differenceOf(outcome.answer, output) === null ? outcome.state : null;
  },
  apply: (state, input) => evaluate(state, input).state,
  keyOf: keyOfState,
  keyOfInput: keyOfRequest,
  isPure: (_input, output) => !changes(output),
};

/** Equal for requests that do the same. */
export function keyOfRequest(request: KvRequest): string {
  return JSON.stringify(request, (_name, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    return value instanceof Uint8Array ? Array.from(value).join() : value;
  });
}

/** With all the past: an old revision can still be read. */
function keyOfState({ revision, entries }: EtcdState): string {
  const texts = entries.flat().map(({ key, latest }) => {
    const versions: string[] = [];
    for (let at: Version | null = latest; at !== null; at = at.older) {
      versions.push(`${at.revision}:${at.kv === null ? "-" : Array.from(at.kv.value).join()}`);
    }
    return `${JSON.stringify(key)} ${versions.join(" ")}`;
  });
  return `${revision} ${texts.join("\n")}`;
}
