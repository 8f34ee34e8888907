// stand-in
import type { Message } from "../core/raft/message.ts";
export function messageText(message: Message): string {
  const base = `${message.kind} t${message.term}`;
  if (message.kind === "vote" || message.kind === "pre_vote")
    return `${base} last ${message.lastIndex}/${message.lastTerm}`;
  if (message.kind === "vote_response" || message.kind === "pre_vote_response")
    return `${base} ${message.granted ? "granted" : "refused"}`;
  return base;
}
