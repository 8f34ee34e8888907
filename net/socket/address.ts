// Where a URL leads: to a host and a port, or to a file of the system's own sockets; in the clear,
// or over TLS. In "unix://localhost:20000" all behind the slashes is a file's name, as for etcd.

import type { TcpNetConnectOpts, IpcNetConnectOpts } from "node:net";

export type Address = Readonly<
  | { kind: "tcp"; host: string; port: number; isSecure: boolean }
  | { kind: "file"; path: string; isSecure: boolean }
>;

const TCP = /^(?:(\w+):\/\/)?\[?(.+?)\]?:(\d{1,5})\/?$/;
const FILE = /^unix(s?):(?:\/\/)?(.+)$/;

/** Members may be told to listen anywhere: etcd takes any text for a URL here. */
export function isAddress(url: string): boolean {
  return FILE.test(url) || TCP.test(url);
}

/** Of "http://host:port", "host:port" or "unix://path", with an "s" where it is secure. */
export function addressOf(url: string): Address {
  const [, secure, path] = FILE.exec(url) ?? [];
  if (path !== undefined) return { kind: "file", path, isSecure: secure === "s" };
  const [, scheme = "", host = "", port = ""] = TCP.exec(url) ?? [];
  if (host === "") throw new Error(`${url} is no address: write it as http://host:port`);
  return { kind: "tcp", host, port: Number(port), isSecure: scheme === "https" };
}

/** As `node:net` takes it. */
export function placeOf(address: Address): TcpNetConnectOpts | IpcNetConnectOpts {
  if (address.kind === "file") return { path: address.path };
  return { host: address.host, port: address.port };
}

/** Of a URL that leads to a port. */
export function hostAndPort(url: string): Readonly<{ host: string; port: number }> {
  const address = addressOf(url);
  if (address.kind === "file") throw new Error(`${url} has no port: write it as http://host:port`);
  return address;
}
