// Listening TCP sockets by URL. Says in one line why an address cannot be had.

import { lookup } from "node:dns/promises";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

const ADDRESS = /^(?:\w+:\/\/)?\[?(.+?)\]?:(\d{1,5})\/?$/;

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

/** All of them or none: rejects with one line when an address cannot be listened on. */
export async function listen(
  urls: readonly string[],
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // "close" follows, and whoever uses the socket hears that
    onConnection(socket);
  };
  const attempts = await Promise.allSettled(urls.map((url) => listenOn(url, accept)));
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

/** Members may be told to listen anywhere: etcd takes any text for a URL here. */
export function isAddress(url: string): boolean {
  return ADDRESS.test(url);
}

/** Host and port of "http://host:port" or "host:port". */
export function hostAndPort(url: string): Readonly<{ host: string; port: number }> {
  const [, host = "", port = ""] = ADDRESS.exec(url) ?? [];
  if (host === "") throw new Error(`${url} is no address: write it as http://host:port`);
  return { host, port: Number(port) };
}

async function listenOn(
  url: string,
  onConnection: (socket: Socket) => void,
): Promise<readonly [url: string, server: Server]> {
  const { host, port } = hostAndPort(url);
  const server = createServer({ noDelay: true }, onConnection);
  try {
    const { address } = await lookup(host, { order: "ipv4first" }); // as Go resolves "localhost"
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: address, port }, resolve);
    });
  } catch (error) {
    throw new Error(`cannot listen on ${url}: ${reasonOf(error)}`, { cause: error });
  }
  const actual = (server.address() as AddressInfo).port;
  return [port === 0 ? url.replace(/:0(\/?)$/, `:${actual}$1`) : url, server];
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
