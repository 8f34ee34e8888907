// Listening sockets by URL: on ports and on files, in the clear and over TLS. Says in one line why
// an address cannot be had.

import { lookup } from "node:dns/promises";
import { lstatSync, unlinkSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, ListenOptions, Server, Socket } from "node:net";
import type { Address } from "./address.ts";
import { addressOf } from "./address.ts";
import type { Bound } from "./open-files.ts";
import type { DoorTerms } from "./tls/secure-door.ts";
import { createSecureDoor } from "./tls/secure-door.ts";

/** Where notes to the operator go, one line each. */
export type Log = (line: string) => void;

export interface Listener {
  /** The URLs with the ports that the system chose where a port was 0. */
  readonly urls: readonly string[];
  /** Accepts no more, and resolves when the last connection has ended. */
  readonly close: () => Promise<void>;
  /** Ends the connections that are still open. */
  readonly cut: () => void;
}

type OnConnection = (socket: Socket) => void;

/** All of them or none: rejects with one line when an address cannot be listened on. `terms`: of
 *  the URLs that are secure; null: none may be. `reusePort`: others may listen there, too. */
export async function listen(
  urls: readonly string[],
  onConnection: OnConnection,
  terms: DoorTerms | null,
  { bound, reusePort }: Readonly<{ bound: Bound; reusePort: boolean }>,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const door = terms === null ? null : createSecureDoor(terms, onConnection);
  const accept = (socket: Socket, isSecure: boolean): void => {
    if (!bound.admits(socket)) return void socket.destroy();
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // "close" follows, and whoever uses the socket hears that
    if (!isSecure) onConnection(socket);
    else door?.(socket);
  };
  const attempts = await Promise.allSettled(
    urls.map(async (url) => {
      const address = addressOf(url);
      if (address.isSecure && door === null) throw new Error(`there is no certificate for ${url}`);
      return listenOn(url, address, reusePort, (socket) => accept(socket, address.isSecure));
    }),
  );
  const servers = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failure = attempts.find((each) => each.status === "rejected");
  if (failure !== undefined) {
    await Promise.all(servers.map(([, server]) => closed(server)));
    throw failure.reason;
  }
  return {
    urls: servers.map(([url]) => url),
    close: async () => {
      await Promise.all(servers.map(([, server]) => closed(server)));
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listenOn(
  url: string,
  address: Address,
  reusePort: boolean,
  onConnection: OnConnection,
): Promise<readonly [url: string, server: Server]> {
  const server = createServer({ noDelay: true }, onConnection);
  try {
    const place = { ...(await resolved(address)), reusePort };
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(place, resolve);
    });
  } catch (error) {
    throw new Error(`cannot listen on ${url}: ${reasonOf(error)}`, { cause: error });
  }
  if (address.kind === "file" || address.port !== 0) return [url, server];
  const actual = (server.address() as AddressInfo).port;
  return [url.replace(/:0(\/?)$/, `:${actual}$1`), server];
}

/** A host as Go resolves "localhost"; a file's name free of what a dead server left there. */
async function resolved(address: Address): Promise<ListenOptions> {
  if (address.kind === "tcp") {
    const found = await lookup(address.host, { order: "ipv4first" });
    return { host: found.address, port: address.port };
  }
  const { path } = address;
  const left = lstatSync(path, { throwIfNoEntry: false });
  if (left?.isSocket()) unlinkSync(path);
  else if (left !== undefined) throw new Error("there is a file of this name, and it is no socket");
  return { path };
}

/** For people. Of several addresses tried in turn, Node tells the code only. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return "nobody listens there";
  if (code === "EADDRINUSE") return "another process uses this port (find it: ss -ltnp)";
  if (code === "EADDRNOTAVAIL") return "this machine has no such address";
  if (code === "EACCES") return "not permitted: take a port above 1023";
  if (code === "ENOTFOUND") return "unknown host name";
  return message === "" ? (code ?? "for no known reason") : message;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
