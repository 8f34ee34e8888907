// Images of the store on their way: read out of one member, staged in the next store of another.
//
// An image is read from a consistent view while commits go on, and carries the entry that this view
// stands at, which may be later than the one that was asked for: later is better. A received image
// is staged beside the store in use, whole, verified and durable, before the node hears of it.

import type { Effect, Input, NodeId, Result, SnapshotMeta } from "../../core/contract.ts";
import { readApplied } from "../../core/kv/tables.ts";
import { createImageDecoder, decodeImage, encodeImage } from "../../core/storage/snapshot.ts";
import type { PeerLinks } from "../../net/socket/peers/peer-link.ts";
import type { SnapshotHandler } from "../../net/socket/peers/peer-snapshot.ts";
import type { KvStore } from "./kv-store.ts";
import type { LmdbKv } from "./lmdb-kv.ts";
import type { Log } from "../observe/log.ts";

export type SnapshotOptions = Readonly<{
  store: KvStore;
  stepped: (input: Input) => Promise<void>;
  log: Log;
  meter: SnapshotMeter;
}>;

/** Counts images: what they return is told how it went. */
export interface SnapshotMeter {
  readonly sendingSnapshot: (to: NodeId) => (ok: boolean) => void;
  readonly receivingSnapshot: (from: NodeId) => (ok: boolean) => void;
}

type SendOrder = Extract<Effect, { kind: "snapshot.send" }>;

/** What is received and not yet committed is held in memory: no more than this. */
const COMMIT_BYTES = 4 * 1024 * 1024;

export class SnapshotFiles {
  readonly #options: SnapshotOptions;
  #isReceiving = false;

  constructor(options: SnapshotOptions) {
    this.#options = options;
  }

  async send({ to, term }: SendOrder, links: Pick<PeerLinks, "sendSnapshot">): Promise<void> {
    const image = this.#options.store.image();
    let ok = false;
    const sent = this.#options.meter.sendingSnapshot(to);
    try {
      const meta = readApplied(image.reader);
      ok = await links.sendSnapshot(to, term, encodeImage(image.reader, meta));
    } finally {
      image.release();
      sent(ok);
    }
    await this.#options.stepped({ kind: "snapshot.sent", peer: to, ok });
  }

  /** One at a time: the others are told to try again. The node decides in one step whether it
   *  wants the image; if not, nothing of it stays. */
  readonly receive: SnapshotHandler = async (from, term, chunks) => {
    if (this.#isReceiving) return false;
    this.#isReceiving = true;
    const { store, stepped, log, meter } = this.#options;
    const received = meter.receivingSnapshot(from);
    let ok = false;
    try {
      const staged = await stageImage(await store.stage(), chunks);
      if (!staged.ok) {
        log("warn", staged.error, { "remote-peer-id": from.toString(16) });
        return false;
      }
      await stepped({ kind: "snapshot.staged", from, term, meta: staged.value });
      ok = true;
      return ok;
    } finally {
      await store.dropStaged();
      this.#isReceiving = false;
      received(ok);
    }
  };
}

async function stageImage(
  staged: LmdbKv,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Result<SnapshotMeta, string>> {
  let decoder = createImageDecoder();
  let heldBytes = 0;
  for await (const bytes of chunks) {
    const decoded = decodeImage(decoder, bytes);
    if (!decoded.ok) return decoded;
    ({ decoder } = decoded.value);
    if (decoder.meta === null) continue;
    staged.apply(decoder.meta.index, decoded.value.writes);
    heldBytes += bytes.length;
    if (heldBytes < COMMIT_BYTES) continue;
    await staged.idle();
    heldBytes = 0;
  }
  await staged.idle();
  const { meta, complete } = decoder;
  if (meta === null || !complete) return unusable("it ended early");
  const shown = readApplied(staged.reader);
  if (shown.index === meta.index && shown.term === meta.term) return { ok: true, value: meta };
  return unusable(`it says entry ${meta.index}, but its tables stand at entry ${shown.index}`);
}

function unusable(reason: string): Result<never, string> {
  return { ok: false, error: `the received image is unusable: ${reason}` };
}
