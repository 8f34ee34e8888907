// A tape: one life of one node, as what it found when it booted and what it was told since. It
// replays through boot and step alone, without world, network or seed, so it outlives the simulator
// that found it.
//
// The recorder stands between a driver and the core and sees nothing but their contract; so it
// could record a real server too. Replay commits every batch at once: equal answers also show that
// none of them depended on when a store commits.

import type { Config } from "../../core/config.ts";
import type {
  Bytes,
  DiskReader,
  Effect,
  Index,
  Input,
  KvReader,
  KvWrite,
  Millis,
  NodeId,
  Step,
} from "../../core/contract.ts";
import { ABOVE_ALL } from "../../core/lib/bytes.ts";
import { encodeResponse } from "../../net/wire/methods/methods.ts";
import { encodePeerMessage } from "../../net/wire/peers/peer-frames.ts";
import { Digest } from "../world/digest.ts";
import type { DiskImage } from "../world/disk-files.ts";
import { SimDisk } from "../world/disk.ts";
import { SimKv } from "../world/kv.ts";
import { DEFAULT_OPTIONS } from "../options/options.ts";
import { bytesOf, hexOf } from "../world/hex.ts";
import { createFates } from "../world/random.ts";
import type { Core } from "../cluster/sim-node.ts";

export type Tape = Readonly<{
  config: Config;
  seed: bigint;
  bootedAt: Millis;
  disk: DiskImage;
  kv: KvImage;
  items: readonly TapeItem[];
  digests: readonly number[]; // of the effects of the boot, then of each input
}>;

/** An `image` is what the store shows once an image has been installed. */
export type TapeItem = Readonly<
  { kind: "input"; input: Input } | { kind: "image"; applied: Index; kv: KvImage }
>;
export type KvImage = readonly KvWrite[];

export type Recording = Readonly<{ core: Core; tape: () => Tape | null }>;

/** A core that does the same as `core` and keeps the last life of one node. */
export function recordNode(core: Core, node: NodeId): Recording {
  let start: Omit<Tape, "items" | "digests"> | null = null;
  let items: TapeItem[] = [];
  let digests: number[] = [];
  let installed: Index | null = null;
  const note = ([, effects]: Step): void => {
    digests.push(digestEffects(effects));
    const install = effects.find((effect) => effect.kind === "snapshot.install");
    installed = install?.meta.index ?? null;
  };
  const recording: Core = {
    boot: (config, seed, now, disk, kv) => {
      const booted = core.boot(config, seed, now, disk, kv);
      if (config.node !== node || !booted.ok) return booted;
      start = { config, seed, bootedAt: now, disk: diskImage(disk), kv: kvImage(kv) };
      items = [];
      digests = [];
      note(booted.value);
      return booted;
    },
    step: (state, input, kv) => {
      if (state.config.node !== node) return core.step(state, input, kv);
      if (installed !== null) items.push({ kind: "image", applied: installed, kv: kvImage(kv) });
      const taken = core.step(state, input, kv);
      items.push({ kind: "input", input });
      note(taken);
      return taken;
    },
  };
  return { core: recording, tape: () => (start === null ? null : { ...start, items, digests }) };
}

export type Replayed = Readonly<
  | { kind: "same"; steps: number }
  | { kind: "differs"; step: number; input: Input | null } // null: the boot itself
  | { kind: "no boot"; reason: string }
>;

/** Once more from the tape. It differs where this core does not do what the recorded one did. */
export function replayTape(tape: Tape, core: Core): Replayed {
  const fates = createFates(0);
  const disk = new SimDisk(0, fates, DEFAULT_OPTIONS.disk, tape.disk);
  const kv = new SimKv(0, fates, "issued");
  kv.stage(0 as Index, tape.kv);
  kv.install(0 as Index);
  const booted = core.boot(tape.config, tape.seed, tape.bootedAt, disk, kv.reader);
  if (!booted.ok) return { kind: "no boot", reason: booted.error };
  let [state, effects] = booted.value;
  let steps = 0;
  if (digestEffects(effects) !== tape.digests[0]) return { kind: "differs", step: 0, input: null };
  commitAll(kv, effects);
  for (const item of tape.items) {
    if (item.kind === "image") {
      kv.stage(item.applied, item.kv);
      kv.install(item.applied);
      continue;
    }
    steps += 1;
    [state, effects] = core.step(state, item.input, kv.reader);
    if (digestEffects(effects) !== tape.digests[steps]) {
      return { kind: "differs", step: steps, input: item.input };
    }
    commitAll(kv, effects);
  }
  return { kind: "same", steps };
}

/** One line of JSON. Identities and bytes, which JSON does not know, are tagged. */
export function printTape(tape: Tape): string {
  return JSON.stringify(tape, (_key, value: unknown) => {
    if (typeof value === "bigint") return { $bigint: value.toString() };
    return value instanceof Uint8Array ? { $hex: hexOf(value) } : value;
  });
}

export function parseTape(text: string): Tape {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if ("$bigint" in value) return BigInt(String(value.$bigint));
    return "$hex" in value ? bytesOf(String(value.$hex)) : value;
  }) as Tape;
}

function digestEffects(effects: readonly Effect[]): number {
  const digest = new Digest();
  for (const effect of effects) digestEffect(digest, effect);
  return digest.value();
}

function digestEffect(digest: Digest, effect: Effect): void {
  switch (effect.kind) {
    case "peer.send":
      digest.bigint(effect.to);
      return digest.bytes(encodePeerMessage(effect.message));
    case "disk":
      digest.number(effect.token);
      for (const op of effect.ops) {
        digest.text(`${op.kind} ${op.file}`);
        if (op.kind === "write") digest.number(op.offset);
        if (op.kind === "write") digest.bytes(op.bytes);
      }
      return;
    case "kv":
      digest.number(effect.applied);
      for (const write of effect.writes) {
        digest.text(write.key);
        if (write.kind === "put") digest.bytes(write.value);
      }
      return;
    case "call.reply":
      digest.number(effect.call);
      if (effect.result.ok) digest.bytes(encodeResponse(effect.result.value));
      else digest.text(effect.result.error.message);
      return;
    case "call.part":
      digest.number(effect.call);
      for (const kv of effect.kvs) digest.text(`${kv.key} ${kv.modRevision}`);
      return;
    case "call.push":
      digest.number(effect.call);
      return digest.bytes(encodeResponse(effect.response));
    case "call.end":
      digest.number(effect.call);
      return digest.text(effect.error?.message ?? "");
    case "backup.read":
    case "backup.close":
    case "password":
      return digest.number(effect.call);
    case "snapshot.send":
    case "snapshot.install":
      return digest.number(effect.meta.index);
    case "admission":
      return digest.text(effect.refusal ?? "");
    case "peers":
    case "yield":
    case "defragment":
    case "trace": // for people
      return;
  }
}

function commitAll(kv: SimKv, effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (effect.kind !== "kv") continue;
    kv.apply(effect.applied, effect.writes);
    kv.commit(effect.applied);
  }
}

function diskImage(disk: DiskReader): DiskImage {
  return disk.list().map((file) => ({ file, bytes: disk.read(file) }));
}

function kvImage(kv: KvReader): KvImage {
  return (["meta", "members", "keys", "leases", "alarms", "auth"] as const).flatMap((table) =>
    [...kv.scan(table, "" as Bytes, ABOVE_ALL)].map(([key, value]): KvWrite => {
      return { kind: "put", table, key, value };
    }),
  );
}
