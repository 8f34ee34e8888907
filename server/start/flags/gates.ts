// etcd's feature gates: all names of the newest release are known, whether or not there is anything
// to turn on here. A feature may also have a flag of its own, from before there were gates.

import type { Result } from "../../../core/contract.ts";
import { type Settings, typedAs } from "./settings.ts";
import type { FlagName, Flags } from "./table.ts";
import { parseBoolean } from "./values.ts";

/** `isHere`: it makes a difference to this server. */
type Feature = Readonly<{ initial: boolean; isHere: boolean; flag: BooleanFlag | null }>;
type BooleanFlag = {
  [Name in FlagName]: Flags[Name] extends boolean ? Name : never;
}[FlagName];

export type FeatureName =
  | "CompactHashCheck"
  | "FastLeaseKeepAlive"
  | "InitialCorruptCheck"
  | "LeaseCheckpoint"
  | "LeaseCheckpointPersist"
  | "PriorityRequest"
  | "SetMemberLocalAddr"
  | "StopGRPCServiceOnDefrag"
  | "TxnModeWriteWithSharedBuffer";

const FEATURES: Readonly<Record<FeatureName, Feature>> = {
  CompactHashCheck: { initial: false, isHere: true, flag: "compact-hash-check-enabled" },
  FastLeaseKeepAlive: { initial: true, isHere: false, flag: null },
  InitialCorruptCheck: { initial: false, isHere: true, flag: "experimental-initial-corrupt-check" },
  LeaseCheckpoint: { initial: false, isHere: true, flag: "experimental-enable-lease-checkpoint" },
  LeaseCheckpointPersist: {
    initial: false,
    isHere: true, // it always is so
    flag: "experimental-enable-lease-checkpoint-persist",
  },
  PriorityRequest: { initial: false, isHere: false, flag: null },
  SetMemberLocalAddr: { initial: false, isHere: false, flag: null },
  StopGRPCServiceOnDefrag: { initial: false, isHere: false, flag: null },
  TxnModeWriteWithSharedBuffer: { initial: true, isHere: false, flag: null },
};
const NAMES = Object.keys(FEATURES) as readonly FeatureName[];

/** All that are off by themselves, and all that are on. */
const GROUPS: Readonly<Record<string, boolean>> = { AllAlpha: false, AllBeta: true };

/** Those that were named, in a group or by themselves, and what they are to be. */
export type FeatureGates = ReadonlyMap<FeatureName, boolean>;

/** `name=bool,name=bool`; errors are in etcd's words. */
export function parseFeatureGates(text: string): Result<FeatureGates, string> {
  const [named, groups] = [new Map<FeatureName, boolean>(), new Map<FeatureName, boolean>()];
  for (const part of text.split(",").filter((word) => word !== "")) {
    const [, word = "", rest] = /^([^=]*)(?:=(.*))?$/.exec(part) ?? [];
    const name = word.trim();
    if (rest === undefined) return refused(`missing bool value for ${name}`);
    const shown = rest.trim();
    const value = parseBoolean(shown);
    if (!value.ok) {
      const reason = `strconv.ParseBool: parsing ${JSON.stringify(shown)}: invalid syntax`;
      return refused(`invalid value of ${name}=${shown}, err: ${reason}`);
    }
    const feature = NAMES.find((known) => known === name);
    const group = GROUPS[name];
    if (feature !== undefined) named.set(feature, value.value);
    else if (group === undefined) return refused(`unrecognized feature gate: ${name}`);
    else {
      const members = NAMES.filter((known) => FEATURES[known].initial === group);
      for (const member of members) groups.set(member, value.value);
    }
  }
  return { ok: true, value: new Map([...groups, ...named]) };
}

export function isOn(flags: Flags, name: FeatureName): boolean {
  const { initial, flag } = FEATURES[name];
  const own = flag === null ? initial : flags[flag];
  return flags["feature-gates"].get(name) ?? own;
}

/** All that a dashboard asks about, as etcd shows them. */
export function shownFeatures(
  flags: Flags,
): readonly Readonly<{ name: string; stage: string; isOn: boolean }>[] {
  const groups = Object.entries(GROUPS).map(([name, isBeta]) => {
    return { name, stage: isBeta ? "BETA" : "ALPHA", isOn: false };
  });
  const features = NAMES.map((name) => {
    return { name, stage: FEATURES[name].initial ? "BETA" : "ALPHA", isOn: isOn(flags, name) };
  });
  return [...groups, ...features];
}

/** Why these cannot be asked for together; null: they can. */
export function conflictOf(flags: Flags, settings: Settings): string | null {
  const gates = flags["feature-gates"];
  for (const [name, value] of gates) {
    const { flag } = FEATURES[name];
    if (flag === null || !settings.has(flag)) continue;
    const gate = `${typedAs("feature-gates", settings)}=${name}=${value}`;
    const both = `${typedAs(flag, settings)}=${flags[flag]} and ${gate}`;
    return `cannot specify both flags: ${both} at the same time, please just use ${gate}`;
  }
  if (!isOn(flags, "LeaseCheckpointPersist") || isOn(flags, "LeaseCheckpoint")) return null;
  if (gates.has("LeaseCheckpointPersist")) {
    return (
      "enabling feature gate LeaseCheckpointPersist requires " +
      "enabling feature gate LeaseCheckpoint"
    );
  }
  return (
    "setting experimental-enable-lease-checkpoint-persist requires " +
    "experimental-enable-lease-checkpoint"
  );
}

/** Of gates that make no difference. */
export function warningsOf(flags: Flags): readonly string[] {
  return [...flags["feature-gates"]].flatMap(([name, value]) => {
    const { isHere, initial } = FEATURES[name];
    if (isHere || value === initial) return [];
    return [`feature gate ${name}=${value} makes no difference to this server`];
  });
}

function refused(error: string): Result<never, string> {
  return { ok: false, error };
}
