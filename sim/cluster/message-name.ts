// What a peer message is called, for its fate on the network: a part of what a seed means.

import type { Message } from "../../core/raft/message.ts";
import type { Key } from "../world/random.ts";

export function nameOf(message: Message): readonly Key[] {
  switch (message.kind) {
    case "append": {
      const { kind, term, previousIndex, entries } = message;
      return [kind, term, previousIndex, entries.length];
    }
    case "append_response":
      return [message.kind, message.term, message.index];
    case "heartbeat":
    case "heartbeat_response":
      return [message.kind, message.term, message.round];
    case "propose":
      return [message.kind, message.term, message.sequence];
    case "read_index":
    case "read_index_response":
      return [message.kind, message.term, message.context];
    case "lease_ask":
    case "lease_answer":
    case "hash_ask":
    case "hash_answer":
      return [message.kind, message.term, message.id];
    case "promotion_ask":
    case "promotion_refused":
      return [message.kind, message.term, message.life, message.call];
    case "pre_vote":
    case "vote":
      return [message.kind, message.term, message.lastIndex];
    case "pre_vote_response":
    case "vote_response":
    case "timeout_now":
      return [message.kind, message.term];
  }
}
