// A process that wants to join a cluster asks one of its members who they are.

import type { ClusterId, NodeId, Result } from "../../../core/contract.ts";
import { MESSAGE_BYTES_MAX } from "../../../core/raft/message.ts";
import { decodeAnswer, encodeHello } from "../../wire/peers/peer-hello.ts";
import type { ClusterDescription } from "../../wire/peers/peer-members.ts";
import { decodeDescription } from "../../wire/peers/peer-members.ts";
import { plainBytes } from "../../wire/protobuf/plain-bytes.ts";
import { createFrameParser, frameOf, framesFrom } from "./frame-stream.ts";
import type { Dial } from "../dial.ts";
import { reasonOf } from "../listen.ts";

const QUESTION = {
  cluster: 0n as ClusterId, // it does not know yet
  from: 0n as NodeId,
  to: 0n as NodeId,
  purpose: "members",
} as const;

/** An error says why there is no answer. */
export async function askForMembers(
  url: string,
  timeoutMs: number,
  dial: Dial,
): Promise<Result<ClusterDescription, string>> {
  const socket = dial(url);
  let trouble = "the connection was closed";
  socket.on("error", (error) => (trouble = reasonOf(error)));
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer in ${timeoutMs} ms`)));
  try {
    socket.write(frameOf(encodeHello(QUESTION)));
    let isWelcome = false;
    for await (const frames of framesFrom(socket, createFrameParser(MESSAGE_BYTES_MAX))) {
      for (const frame of frames) {
        if (isWelcome) return readDescription(frame);
        const refusal = decodeAnswer(frame);
        if (refusal !== null) return { ok: false, error: refusal };
        isWelcome = true;
      }
    }
    return { ok: false, error: trouble };
  } finally {
    socket.destroy();
  }
}

function readDescription(frame: Buffer): Result<ClusterDescription, string> {
  const value = decodeDescription(plainBytes(frame));
  return value === null ? { ok: false, error: "its answer is not readable" } : { ok: true, value };
}
