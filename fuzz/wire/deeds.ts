// What happens between the rounds, as in any cluster: a learner that nobody starts is added or
// removed, and, now and then in a long attack, very many keys are written and deleted in one go.
// Which it is follows from the number of the round. What is refused is refused: an attack may have
// raised an alarm.

import type { Request } from "../../core/api/request.ts";
import { deleteOf, putOf, txnOf } from "../../core/api/testing.ts";
import type { EtcdClient } from "../../net/socket/client.ts";
import { PATIENCE_MS } from "../../server/live/testing.ts";

/** As many operations as a transaction may have. */
export const TXN_OPERATIONS = 512;
const LEARNER_URL = "http://127.0.0.1:1";
const LEARNER_EVERY = 10;
const DELUGE_EVERY = 200;
const DELUGE_KEYS = 130_000; // more than an engine takes as arguments of one call

export async function deedOf(nth: number, client: EtcdClient, token: string): Promise<void> {
  if (nth % LEARNER_EVERY === LEARNER_EVERY - 1) await changeLearners(client, token);
  if (nth % DELUGE_EVERY === DELUGE_EVERY / 2) await deluge(client, token);
}

/** One that is there goes; else one comes. */
async function changeLearners(client: EtcdClient, token: string): Promise<void> {
  const list: Request = { kind: "member_list", linearizable: false };
  const answer = await client.call(list, PATIENCE_MS, token);
  if (!answer.ok || answer.value.kind !== "member_list") return;
  const learner = answer.value.members.find(({ isLearner }) => isLearner);
  const change: Request =
    learner === undefined
      ? { kind: "member_add", peerUrls: [LEARNER_URL], isLearner: true }
      : { kind: "member_remove", id: learner.id };
  await client.call(change, PATIENCE_MS, token);
}

async function deluge(client: EtcdClient, token: string): Promise<void> {
  for (let first = 0; first < DELUGE_KEYS; first += TXN_OPERATIONS) {
    const puts = Array.from({ length: Math.min(TXN_OPERATIONS, DELUGE_KEYS - first) }, (_, at) =>
      putOf(`deluge/${first + at}`, "v"),
    );
    await client.call(txnOf([], puts), PATIENCE_MS, token);
  }
  await client.call(deleteOf("deluge/", "deluge0"), PATIENCE_MS, token);
}
