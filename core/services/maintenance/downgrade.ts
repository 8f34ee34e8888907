// Downgrade, where a member takes the call: the words of the client, checked as far as its own
// version tells.

import type { Store } from "../../apply/apply.ts";
import type { MaintenanceCommand } from "../../apply/commands/command-maintenance.ts";
import type { Origin } from "../../apply/commands/command.ts";
import { refusalOfDowngrade } from "../../apply/downgrade.ts";
import type { Config } from "../../config.ts";
import type { Result } from "../../contract.ts";
import { must } from "../../lib/assert.ts";
import { parseVersion, shortVersion } from "../../lib/version.ts";
import type { ClusterVersion } from "../../lib/version.ts";
import { ERRORS } from "../../api/errors.ts";
import type { ApiError } from "../../api/errors.ts";
import type { DowngradeRequest } from "../../api/request-maintenance.ts";
import type { Header, UnaryResponse } from "../../api/request.ts";

/** Null: the request may go on. */
export function validateDowngrade(request: DowngradeRequest, config: Config): ApiError | null {
  if (request.action === "unknown") return ERRORS.UnknownAction;
  if (request.action !== "cancel" && parseVersion(request.version) === null) {
    return ERRORS.WrongDowngradeVersionFormat;
  }
  return parseVersion(config.version) === null ? ERRORS.ClusterVersionUnavailable : null;
}

/** Of a request that was found valid. */
export function downgradeCommand(
  request: DowngradeRequest,
  origin: Origin,
  config: Config,
): MaintenanceCommand {
  const own = must(parseVersion(config.version), "a request was accepted without a version");
  const target = request.action === "cancel" ? null : parseVersion(request.version);
  return { kind: "downgrade", origin, own, target };
}

/** Whether it would be accepted now. */
export function answerDowngrade(
  request: DowngradeRequest,
  header: Header,
  config: Config,
  store: Store,
): Result<UnaryResponse> {
  const own = parseVersion(config.version);
  const target = parseVersion(request.version);
  if (own === null || target === null)
    return { ok: false, error: ERRORS.ClusterVersionUnavailable };
  const error = refusalOfDowngrade(store.downgrade, own, target);
  if (error !== null) return { ok: false, error };
  const version = shortVersion(clusterVersion(own, store));
  return { ok: true, value: { kind: "downgrade", header, version } };
}

/** What the members agree to be: the version of this one, but for a downgrade. */
export function clusterVersion(own: ClusterVersion, store: Store): ClusterVersion {
  return store.downgrade ?? own;
}
