// The door of a port that speaks TLS: a handshake within its time, and whoever may stay is handed
// on. Few are at the door at a time: of too many the oldest is let go, who has had its time.

import { constants } from "node:crypto";
import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { Server, TLSSocket, TlsOptions } from "node:tls";
import { nodeTls } from "./node-tls.ts";
import { answerInTheClear } from "./plain-speech.ts";
import { whyFailed, whyUnverified } from "./words.ts";
import type { Why } from "./words.ts";

export type DoorTerms = Readonly<{
  /** Certificate, key and what else OpenSSL wants to know. Asked at every arrival: the same object
   *  as long as nothing has changed. */
  secrets: () => TlsOptions;
  asksForCertificates: boolean;
  /** Why whoever has shown a certificate, or none where none was asked for, may not stay. Null: it
   *  may. */
  objectionTo: (who: Visitor) => Promise<string | null>;
  onRejected: (rejection: Rejection) => void;
  /** The last words to one who may not stay. Null: there are none, but those of TLS itself. */
  farewell: ((reason: string) => Uint8Array) | null;
}>;

export type Visitor = Readonly<{
  address: string; // without its port
  certificate: X509Certificate | null;
}>;

/** `hungUp`: it went before it had said what it wanted. */
export type Rejection = Readonly<{
  remote: string; // with its port
  serverName: string;
  certificate: X509Certificate | null;
  reason: string;
  hungUp: boolean;
}>;

/** etcd's own. */
const HANDSHAKE_MS = 10_000;
const AT_THE_DOOR_MAX = 512;
const FAREWELL_MS = 1_000;
const PROTOCOLS = ["h2", "http/1.1"];
/** Whoever wants another handshake comes again. */
const { SSL_OP_NO_RENEGOTIATION: ONE_HANDSHAKE } = constants;

type Arrival = Readonly<{ address: string; remote: string }>;

/** Takes sockets of which nothing was read; the ones handed on are as new, and paused. */
export function createSecureDoor(
  terms: DoorTerms,
  onConnection: (socket: TLSSocket) => void,
): (socket: Socket) => void {
  const arrivals = new WeakMap<Socket, Arrival>();
  const atTheDoor = new Set<Socket>();
  const { asksForCertificates, farewell } = terms;
  let secrets = terms.secrets();
  const server = nodeTls().createServer({
    ...secrets,
    secureOptions: ONE_HANDSHAKE,
    ALPNProtocols: PROTOCOLS,
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: asksForCertificates,
    rejectUnauthorized: asksForCertificates && farewell === null,
  });
  server.on("tlsClientError", (error, socket) => {
    const arrival = arrivals.get(beneath(socket));
    if (arrival === undefined) return;
    terms.onRejected(rejectionOf(arrival, socket, whyRejected(error, socket)));
    socket.destroy();
  });
  server.on("secureConnection", (socket) => {
    atTheDoor.delete(beneath(socket));
    socket.on("error", () => {}); // "close" follows
    const arrival = arrivals.get(beneath(socket));
    if (arrival !== undefined) void admit(socket, arrival, terms, onConnection);
  });
  return (socket) => {
    const fresh = terms.secrets();
    if (fresh !== secrets) server.setSecureContext({ ...fresh, secureOptions: ONE_HANDSHAKE });
    secrets = fresh;
    const { remoteAddress = "", remotePort = 0 } = socket;
    const arrival = { address: remoteAddress, remote: `${remoteAddress}:${remotePort}` };
    if (atTheDoor.size >= AT_THE_DOOR_MAX) firstOf(atTheDoor)?.destroy();
    arrivals.set(socket, arrival);
    atTheDoor.add(socket);
    socket.once("close", () => atTheDoor.delete(socket));
    hearFirstByte(socket, server, () => terms.onRejected(plainRejection(arrival)));
  };
}

/** Who does not speak TLS is told so, in its own words. */
function hearFirstByte(socket: Socket, server: Server, onPlain: () => void): void {
  const onTimeout = (): void => void socket.destroy();
  socket.setTimeout(HANDSHAKE_MS).once("timeout", onTimeout);
  socket.once("data", (chunk: Buffer) => {
    socket.pause();
    socket.off("timeout", onTimeout).setTimeout(0);
    const answer = answerInTheClear(chunk);
    if (answer === null) {
      socket.unshift(chunk);
      server.emit("connection", socket);
      return;
    }
    onPlain();
    end(socket, answer);
  });
}

async function admit(
  socket: TLSSocket,
  arrival: Arrival,
  terms: DoorTerms,
  onConnection: (socket: TLSSocket) => void,
): Promise<void> {
  const certificate = socket.getPeerX509Certificate() ?? null;
  const reason =
    terms.asksForCertificates && !socket.authorized
      ? whyUnverified(socket.authorizationError, certificate !== null)
      : await terms.objectionTo({ address: arrival.address, certificate });
  if (reason === null) return onConnection(socket);
  terms.onRejected(rejectionOf(arrival, socket, { reason, hungUp: false }));
  if (terms.farewell === null) socket.destroy();
  else end(socket, terms.farewell(reason));
}

/** What it still sends is read and dropped: else the last words might not arrive. */
function end(socket: Socket, words: Uint8Array): void {
  socket.end(words);
  socket.resume();
  const cut = setTimeout(() => socket.destroy(), FAREWELL_MS);
  socket.once("close", () => clearTimeout(cut));
}

/** The socket that came is Node's own business, but nothing else tells which one it was. */
function beneath(secured: TLSSocket): Socket {
  return (secured as unknown as Readonly<{ _parent: Socket }>)._parent;
}

function firstOf(sockets: ReadonlySet<Socket>): Socket | undefined {
  const [first] = sockets;
  return first;
}

function whyRejected(error: NodeJS.ErrnoException, { authorizationError }: TLSSocket): Why {
  if (!authorizationError) return whyFailed(error);
  return { reason: whyUnverified(authorizationError, true), hungUp: false };
}

function rejectionOf({ remote }: Arrival, socket: TLSSocket, why: Why): Rejection {
  const { servername } = socket as Readonly<{ servername?: string | false | null }>;
  const certificate = socket.getPeerX509Certificate() ?? null;
  return { remote, serverName: servername || "", certificate, ...why };
}

function plainRejection({ remote }: Arrival): Rejection {
  const reason = "tls: first record does not look like a TLS handshake";
  return { remote, serverName: "", certificate: null, reason, hungUp: false };
}
