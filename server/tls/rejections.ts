// Who was not let in, in etcd's words. It is strangers who decide how often that happens, so the
// same is said again only after a while, with how often it was meanwhile.

import { alternativeNamesOf } from "../../net/socket/tls/who.ts";
import type { Rejection } from "../../net/socket/tls/secure-door.ts";
import type { Log } from "../observe/log.ts";

const QUIET_MS = 60_000;
const REMEMBERED_MAX = 100;

type Said = { atMs: number; since: number };

export function createRejectionLog(
  endpoint: "client" | "peer",
  log: Log,
  now: () => number,
): (rejection: Rejection) => void {
  const said = new Map<string, Said>();
  return ({ remote, serverName, certificate, reason, hungUp }) => {
    const host = remote.slice(0, remote.lastIndexOf(":"));
    const key = `${host} ${serverName} ${reason}`;
    const last = said.get(key);
    if (last !== undefined && now() - last.atMs < QUIET_MS) {
      last.since += 1;
      return;
    }
    if (said.size >= REMEMBERED_MAX) said.clear();
    said.set(key, { atMs: now(), since: 0 });
    const names = certificate === null ? null : alternativeNamesOf(certificate);
    log(hungUp ? "debug" : "warn", `rejected connection on ${endpoint} endpoint`, {
      "remote-addr": remote,
      "server-name": serverName,
      ...(names === null ? {} : { "ip-addresses": names.ips, "dns-names": names.hosts }),
      error: reason,
      ...(last === undefined || last.since === 0 ? {} : { "since-the-last-line": last.since }),
    });
  };
}
