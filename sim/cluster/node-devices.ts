// The devices of one simulated node: its disk, its store, and what copies the store. Each works in
// order and takes its time; the node hears when something is done, if it lives then.

import type {
  CallId,
  DiskOp,
  DiskToken,
  Effect,
  Input,
  SnapshotMeta,
} from "../../core/contract.ts";
import type { Moment } from "../invariants/ghost.ts";
import type { Micros } from "../run/frame.ts";
import { DeviceQueue } from "../world/device-queue.ts";
import type { Keep } from "../world/disk-crash.ts";
import { DiskFailure } from "../world/disk.ts";
import type { DiskFailureKind, SimDisk } from "../world/disk.ts";
import type { SimKv } from "../world/kv.ts";
import type { Fates } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { SimBackups } from "./backups.ts";

type EffectOf<K extends Effect["kind"]> = Extract<Effect, { kind: K }>;
type Failure = Readonly<{ how: DiskFailureKind; restartAfterMs: number }>;

export type DeviceOptions = Readonly<{
  node: number;
  disk: SimDisk;
  kv: SimKv;
  world: World;
  fates: Fates;
  commitMicros: Micros;
  take: (input: Input) => void;
  witness: (moment: Moment) => void;
  failed: (restartAfterMs: number) => void; // the disk did, and a node does not survive that
}>;

/** Whoever looks after the process starts it again, though its disk is as full as before. */
const FULL_RESTART_MS = 1000;
/** A defragmentation takes as long as so many commits, or less. */
const DEFRAGMENT_COMMITS_MAX = 100;

export class NodeDevices {
  readonly #options: DeviceOptions;
  #orders = 0; // of all lives: what an earlier one left in the cache comes before
  #defragmentations = 0; // begun, of all lives
  #isDefragmenting = false;
  #failure: Failure | null = null; // of the next disk effect
  readonly #backups = new SimBackups();
  #syncs: DeviceQueue;
  #commits: DeviceQueue;
  #copies: DeviceQueue;

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.#syncs = new DeviceQueue(options.world);
    this.#commits = new DeviceQueue(options.world);
    this.#copies = new DeviceQueue(options.world);
  }

  /** For a new life: nobody waits for what an earlier one ordered. */
  renew(): void {
    const { world } = this.#options;
    this.#syncs = new DeviceQueue(world);
    this.#commits = new DeviceQueue(world);
    this.#copies = new DeviceQueue(world);
  }

  planFailure(failure: Failure): void {
    this.#failure = failure;
  }

  /** Nothing bad is planned any more, and nothing lasts. */
  forgive(): void {
    this.#failure = null;
    this.#options.disk.extend();
    this.#syncs.hurry();
    this.#commits.hurry();
  }

  write(effect: EffectOf<"disk">): void {
    const { node, disk, witness, take } = this.#options;
    const order = ++this.#orders as DiskToken;
    const takes = this.#submit(order, effect.ops);
    if (takes === null) return;
    this.#syncs.order(takes, () => {
      disk.settle(order);
      witness({ kind: "synced", node, token: effect.token });
      take({ kind: "disk.done", token: effect.token });
    });
  }

  /** Null: the disk failed, and the node with it. */
  #submit(order: DiskToken, ops: readonly DiskOp[]): Micros | null {
    const { disk, failed } = this.#options;
    const failure = this.#failure;
    if (failure !== null) disk.failNext(failure.how);
    try {
      return disk.submit(order, ops);
    } catch (error) {
      if (!(error instanceof DiskFailure)) throw error;
      failed(failure?.restartAfterMs ?? FULL_RESTART_MS);
      return null;
    }
  }

  store({ applied, writes }: EffectOf<"kv">): void {
    const { node, kv, fates, commitMicros, witness, take } = this.#options;
    kv.apply(applied, writes);
    const takes = commitMicros + fates.below(commitMicros + 1, "commit", node, applied);
    this.#commits.order(takes, () => {
      kv.commit(applied);
      witness({ kind: "stored", node, applied });
      take({ kind: "kv.done", applied });
    });
  }

  /** Complete and durable before the next effect; the batches of the old store are no more. */
  install(meta: SnapshotMeta): void {
    const { node, kv, world, witness, take } = this.#options;
    this.#commits.close();
    this.#commits = new DeviceQueue(world);
    kv.install(meta.index);
    witness({ kind: "stored", node, applied: meta.index });
    this.#commits.order(0, () => take({ kind: "kv.done", applied: meta.index }));
    if (!this.#isDefragmenting) return;
    this.#commits.order(0, () => this.#defragmented("an image took the store's place meanwhile"));
  }

  /** What is stored meanwhile is durable only after it. */
  defragment(): void {
    const { node, kv, fates, commitMicros } = this.#options;
    const nth = ++this.#defragmentations;
    const commits = fates.below(DEFRAGMENT_COMMITS_MAX, "defragment", node, nth);
    const isFull = fates.below(8, "defragment", node, nth, "full") === 0;
    this.#isDefragmenting = true;
    this.#commits.order(commits * commitMicros, () => {
      if (!isFull) kv.defragment();
      this.#defragmented(isFull ? "the disk is full" : null);
    });
  }

  #defragmented(error: string | null): void {
    this.#isDefragmenting = false;
    this.#options.take({ kind: "defragment.done", error });
  }

  /** A piece takes as long as a commit. */
  backup({ call, pieces }: EffectOf<"backup.read">): void {
    const { kv, commitMicros, take } = this.#options;
    for (const piece of this.#backups.read(call, pieces, kv.visible)) {
      this.#copies.order(commitMicros, () => take({ kind: "backup.piece", call, ...piece }));
    }
  }

  closeBackup(call: CallId): void {
    this.#backups.close(call);
  }

  /** What was not durable is lost, or kept as far as `keep` says. */
  crash(keep: Keep): Readonly<{ lost: number; torn: number }> {
    this.#syncs.close();
    this.#commits.close();
    this.#copies.close();
    this.#failure = null;
    this.#backups.clear();
    this.#isDefragmenting = false;
    const report = this.#options.disk.crash(keep);
    this.#options.kv.crash(keep);
    return report;
  }
}
