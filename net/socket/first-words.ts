// Two protocols on one port: the first bytes of a connection tell which one its client speaks.

import type { Socket } from "node:net";
import { answerToHello } from "./tls/plain-speech.ts";

/** What every client of HTTP/2 says first. */
const PREFACE = "PRI * HTTP/2.0";
/** A client that has not said by then what it speaks is cut off. */
export const GREETING_MS = 60_000;

export type Speakers = Readonly<{
  http1: (socket: Socket) => void;
  http2: (socket: Socket) => void;
}>;

/** Hands the socket over paused, as if nothing had been read of it yet. Whoever speaks neither is
 *  cut off, and who speaks TLS is told why. */
export function hearFirstWords(socket: Socket, speakers: Speakers): void {
  let heard = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    heard = Buffer.concat([heard, chunk]);
    const words = heard.toString("latin1", 0, PREFACE.length);
    if (words.length < PREFACE.length && PREFACE.startsWith(words)) return;
    socket.off("data", onData).off("timeout", onTimeout).setTimeout(0);
    socket.pause();
    socket.unshift(heard);
    if (words === PREFACE) speakers.http2(socket);
    else if (/^[A-Z]/.test(words)) speakers.http1(socket);
    else socket.end(answerToHello(heard) ?? "").destroySoon();
  };
  const onTimeout = (): void => void socket.destroy();
  socket.setTimeout(GREETING_MS).on("timeout", onTimeout);
  socket.on("data", onData);
}
