// A downgrade that is under way: replicated, one record in the table "meta". What a cluster can do
// about one is up to its operator, who replaces the members; here it is known, and shown.

import type { Bytes, KvReader, KvWrite } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import { fromBytes, fromText, toBytes } from "../lib/bytes.ts";
import type { ClusterVersion } from "../lib/version.ts";
import { fullVersion, isEqualVersion, minorBelow, parseVersion } from "../lib/version.ts";

/** To which version; null: none. */
export type Downgrade = ClusterVersion | null;

const KEY = "downgrade" as Bytes;

/** Why the cluster, whose members are of `own`, cannot go to `target`; null: it can. As in etcd,
 *  one minor version at a time, and one downgrade. */
export function refusalOfDowngrade(
  current: Downgrade,
  own: ClusterVersion,
  target: ClusterVersion,
): ApiError | null {
  const allowed = minorBelow(current ?? own);
  if (!isEqualVersion(target, allowed)) return ERRORS.InvalidDowngradeTargetVersion;
  return current === null ? null : ERRORS.DowngradeInProcess;
}

export function readDowngrade(view: KvReader): Downgrade {
  const bytes = view.get("meta", KEY);
  return bytes === null ? null : parseVersion(fromBytes(bytes));
}

export function putDowngrade(downgrade: Downgrade): KvWrite {
  if (downgrade === null) return { kind: "delete", table: "meta", key: KEY };
  const value = toBytes(fromText(fullVersion(downgrade)));
  return { kind: "put", table: "meta", key: KEY, value };
}
