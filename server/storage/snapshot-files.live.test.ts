import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  Bytes,
  Index,
  Input,
  KvWrite,
  NodeId,
  SnapshotMeta,
  Term,
} from "../../core/contract.ts";
import { putApplied } from "../../core/kv/tables.ts";
import type { Chunks } from "../../net/socket/peers/peer-snapshot.ts";
import { KvStore } from "./kv-store.ts";
import { SnapshotFiles } from "./snapshot-files.ts";

const TERM = 4 as Term;
const FROM = 1n as NodeId;
const TO = 2n as NodeId;

let directory = "";
let stores: KvStore[] = [];
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "detcd-snapshot-"));
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  stores = [];
  fs.rmSync(directory, { recursive: true, force: true });
});

type Side = { store: KvStore; files: SnapshotFiles; inputs: Input[]; logged: string[] };

/** `installs`: what the node says to a staged image. */
function createSide(name: string, installs = true): Side {
  const path = join(directory, name);
  fs.mkdirSync(path);
  const store = new KvStore(path, {
    onDone: () => undefined,
    onFailure: (error) => {
      throw error;
    },
  });
  stores.push(store);
  const inputs: Input[] = [];
  const logged: string[] = [];
  const files = new SnapshotFiles({
    store,
    stepped: async (input) => {
      inputs.push(input);
      if (input.kind === "snapshot.staged" && installs) store.install(input.meta.index);
    },
    log: (_level, message) => logged.push(message),
    meter: { sendingSnapshot: () => () => undefined, receivingSnapshot: () => () => undefined },
  });
  return { store, files, inputs, logged };
}

function metaAt(index: number): SnapshotMeta {
  return { index: index as Index, term: 3 as Term, voters: [FROM, TO], learners: [] };
}

function put(key: string, value: Uint8Array): KvWrite {
  return { kind: "put", table: "keys", key: key as Bytes, value };
}

/** As many keys as two commits of the receiver, some of them large. */
function fill(store: KvStore, index: number): void {
  const writes = Array.from({ length: 3000 }, (_, at) =>
    put(`k${at}`, Buffer.alloc(at % 500 === 0 ? 800_000 : 200, at)),
  );
  store.apply(index as Index, [...writes, putApplied(metaAt(index))]);
}

/** What arrives at the other end when `meddle` has had its way with the chunks. */
async function ship(
  from: Side,
  to: Side,
  meddle: (chunks: Chunks) => AsyncIterable<Uint8Array> = untouched,
): Promise<void> {
  const meta = metaAt(10);
  const order = { kind: "snapshot.send", to: TO, term: TERM, meta } as const;
  await from.files.send(order, {
    sendSnapshot: (_to, term, chunks) => to.files.receive(FROM, term, meddle(chunks)),
  });
}

async function* untouched(chunks: Chunks): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk;
}

describe("an image on its way", () => {
  it("arrives whole, as it stood when it was begun, and takes over", async () => {
    const [from, to] = [createSide("from"), createSide("to")];
    fill(from.store, 12);
    await from.store.idle();
    let chunks = 0;
    await ship(from, to, async function* (all) {
      for await (const chunk of all) {
        chunks += 1;
        if (chunks === 2) {
          from.store.apply(13 as Index, [put("k0", Buffer.from("late")), putApplied(metaAt(13))]);
          await from.store.idle();
        }
        yield chunk;
      }
    });
    expect(chunks).toBeGreaterThan(4);
    expect(from.inputs).toEqual([{ kind: "snapshot.sent", peer: TO, ok: true }]);
    expect(to.inputs).toEqual([
      { kind: "snapshot.staged", from: FROM, term: TERM, meta: metaAt(12) },
    ]);
    expect(to.store.reader.get("keys", "k0" as Bytes)).toHaveLength(800_000);
    expect(to.store.reader.get("keys", "k2999" as Bytes)).toEqual(
      new Uint8Array(200).fill(2999 & 255),
    );
    expect(fs.readFileSync(join(directory, "to", "current"), "utf8")).toBe("kv-2\n");
  });

  it("leaves nothing behind when the node does not want it", async () => {
    const [from, to] = [createSide("from"), createSide("to", false)];
    fill(from.store, 12);
    await from.store.idle();
    await ship(from, to);
    expect(from.inputs).toEqual([{ kind: "snapshot.sent", peer: TO, ok: true }]);
    expect(to.store.reader.get("keys", "k0" as Bytes)).toBeNull();
    expect(fs.readdirSync(join(directory, "to")).toSorted()).toEqual(["current", "kv-1"]);
  });

  const meddlers: readonly [string, (chunks: Chunks) => AsyncIterable<Uint8Array>][] = [
    [
      "cut short",
      async function* (chunks) {
        let count = 0;
        for await (const chunk of chunks) if (++count < 4) yield chunk;
      },
    ],
    [
      "damaged",
      async function* (chunks) {
        let count = 0;
        for await (const chunk of chunks) {
          const bytes = Buffer.from(chunk);
          if (++count === 3) bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
          yield bytes;
        }
      },
    ],
    ["empty", async function* () {}],
  ];
  it.each(meddlers)("that is %s is never shown to the node", async (_name, meddle) => {
    const [from, to] = [createSide("from"), createSide("to")];
    fill(from.store, 12);
    await from.store.idle();
    await ship(from, to, meddle);
    expect(from.inputs).toEqual([{ kind: "snapshot.sent", peer: TO, ok: false }]);
    expect(to.inputs).toEqual([]);
    expect(to.logged).toHaveLength(1);
    expect(fs.readdirSync(join(directory, "to")).toSorted()).toEqual(["current", "kv-1"]);
  });

  it("is refused while another one is being received", async () => {
    const [from, to] = [createSide("from"), createSide("to")];
    fill(from.store, 12);
    await from.store.idle();
    let second: boolean | null = null;
    await ship(from, to, async function* (chunks) {
      for await (const chunk of chunks) {
        second ??= await to.files.receive(FROM, TERM, untouched([]));
        yield chunk;
      }
    });
    expect(second).toBe(false);
    expect(from.inputs).toEqual([{ kind: "snapshot.sent", peer: TO, ok: true }]);
  });
});
