// What flags may say, each and together. Who is refused reads the name that was typed.

import { isIP } from "node:net";
import { REQUEST_BYTES_MAX } from "../../../core/config.ts";
import type { Result } from "../../../core/contract.ts";
import type { Retention } from "../../../core/mvcc/retention.ts";
import { addressOf } from "../../../net/socket/address.ts";
import { conflictOf } from "./gates.ts";
import { parseRetention } from "./retention.ts";
import { type Settings, typedAs } from "./settings.ts";
import { type FlagName, flagOf, type Flags, isInitial } from "./table.ts";

const ELECTION_MS_MAX = 50_000;

/** What follows from other flags. */
export function withDerived(flags: Flags, given: ReadonlySet<FlagName>): Flags {
  const alone = { name: flags.name, peerUrls: flags["initial-advertise-peer-urls"] };
  return {
    ...flags,
    "data-dir": flags["data-dir"] === "" ? `${flags.name}.etcd` : flags["data-dir"],
    "initial-cluster": flags["initial-cluster"].length === 0 ? [alone] : flags["initial-cluster"],
    "log-level": flags.debug && !given.has("log-level") ? "debug" : flags["log-level"],
  };
}

export function retentionOf(flags: Flags): Result<Retention, string> {
  return parseRetention(flags["auto-compaction-mode"], flags["auto-compaction-retention"]);
}

/** Null: a member can start. */
export function whyRefused(flags: Flags, settings: Settings): string | null {
  return (
    whyNotHere(settings) ??
    whyNoTimes(flags, settings) ??
    whyNoListeners(flags, settings) ??
    whyNoRequests(flags, settings) ??
    whyNoServices(flags, settings)
  );
}

function whyNotHere(settings: Settings): string | null {
  for (const [name, { text, typed }] of settings) {
    const { standing } = flagOf(name);
    if (standing.kind === "refused" && !isInitial(name, text)) {
      return `${typed} cannot be had: ${standing.reason}`;
    }
  }
  return null;
}

function whyNoTimes(flags: Flags, settings: Settings): string | null {
  const [heartbeatMs, electionMs] = [flags["heartbeat-interval"], flags["election-timeout"]];
  const heartbeat = typedAs("heartbeat-interval", settings);
  const election = typedAs("election-timeout", settings);
  if (heartbeatMs === 0) return `${heartbeat} must be >0 (set to 0ms)`;
  if (electionMs === 0) return `${election} must be >0 (set to 0ms)`;
  if (electionMs < 5 * heartbeatMs) {
    return (
      `${election}[${electionMs}ms] should be at least as 5 times as ` +
      `${heartbeat}[${heartbeatMs}ms]`
    );
  }
  if (electionMs <= ELECTION_MS_MAX) return null;
  return (
    `${election}[${electionMs}ms] is too long, and should be set less than ` +
    `${ELECTION_MS_MAX}ms`
  );
}

function whyNoListeners(flags: Flags, settings: Settings): string | null {
  const urls = [
    ...flags["listen-client-urls"],
    ...flags["listen-client-http-urls"],
    ...flags["listen-metrics-urls"],
    ...flags["listen-peer-urls"],
  ];
  for (const url of urls) {
    const address = addressOf(url);
    if (address.kind === "file" || address.host === "localhost" || isIP(address.host) !== 0)
      continue;
    return `expected IP in URL for binding (${url})`;
  }
  if (!settings.has("listen-client-urls") || settings.has("advertise-client-urls")) return null;
  const listen = typedAs("listen-client-urls", settings);
  return `--advertise-client-urls is required when ${listen} is set explicitly`;
}

function whyNoRequests(flags: Flags, settings: Settings): string | null {
  const bytes = flags["max-request-bytes"];
  const typed = typedAs("max-request-bytes", settings);
  if (bytes === 0) {
    return `${typed}[0] would refuse all writes, also the member's own: set it above 0`;
  }
  if (bytes <= REQUEST_BYTES_MAX) return null;
  return (
    `${typed}[${bytes}] is more than members can pass on to each other in time: ` +
    `set it to ${REQUEST_BYTES_MAX} at most`
  );
}

function whyNoServices(flags: Flags, settings: Settings): string | null {
  if (flags.name === "") return `${typedAs("name", settings)} must not be empty`;
  if (flags["compact-hash-check-time"] === 0) {
    return `${typedAs("compact-hash-check-time", settings)} must be >0 (set to 0s)`;
  }
  const conflict = conflictOf(flags, settings);
  if (conflict !== null) return conflict;
  const retention = retentionOf(flags);
  if (retention.ok) return null;
  const [typed, text] = [
    typedAs("auto-compaction-retention", settings),
    JSON.stringify(flags["auto-compaction-retention"]),
  ];
  return `invalid value ${text} for ${typed}: ${retention.error}`;
}
