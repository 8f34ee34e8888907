// Who was not let in, in etcd's words. It is strangers who decide how often that happens, so the
// same is said again only after a while, with how often it was meanwhile.

import { alternativeNamesOf } from "../../net/socket/tls/who.ts";
import type { Rejection } from "../../net/socket/tls/secure-door.ts";
import type { Log } from "../observe/log.ts";

const QUIET_MS = 60_000;
const REMEMBERED_MAX = 100;

/** A member that does not accept this one's certificate hangs up in the handshake: Node sends no
 *  alert for what OpenSSL itself had accepted. The words in brackets are those of etcd's log. */
const HUNG_UP =
  "it hung up at the sight of this member's certificate, as members do that do not accept it " +
  "(remote error: tls: bad certificate)";

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
    const isRefused = hungUp && endpoint === "peer";
    const names = certificate === null ? null : alternativeNamesOf(certificate);
    log(hungUp && !isRefused ? "debug" : "warn", `rejected connection on ${endpoint} endpoint`, {
      "remote-addr": remote,
      "server-name": serverName,
      ...(names === null ? {} : { "ip-addresses": names.ips, "dns-names": names.hosts }),
      error: isRefused ? `${reason}: ${HUNG_UP}` : reason,
      ...(last === undefined || last.since === 0 ? {} : { "since-the-last-line": last.since }),
    });
  };
}
