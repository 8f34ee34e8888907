// What etcdctl deletes with one line may be the whole store: a member does that, and lives on, and
// starts again.

import { afterAll, describe, expect, it } from "vitest";
import { putOf, txnOf } from "../../core/api/testing.ts";
import type { Running } from "./testing.ts";
import {
  cleanUp,
  etcdctl,
  HAS_ETCDCTL,
  PATIENCE_MS,
  planMembers,
  startRunning,
} from "./testing.ts";

const skipReason = HAS_ETCDCTL ? "" : " (skipped: etcdctl is not installed)";
const KEYS = 130_000; // more than V8 takes as arguments of one call
const PER_TXN = 10_000;

describe.skipIf(!HAS_ETCDCTL)(`a deletion of ${KEYS} keys${skipReason}`, () => {
  afterAll(cleanUp);

  it("is done, and done after a restart", { timeout: 2 * PATIENCE_MS }, async () => {
    const [plan] = await planMembers(["alone"]);
    if (plan === undefined) throw new Error("one was planned");
    const first = await start();
    for (let from = 0; from < KEYS; from += PER_TXN) {
      const puts = Array.from({ length: PER_TXN }, (_, at) => putOf(`r/${from + at}`, "v"));
      expect(await first.client.call(txnOf([], puts), PATIENCE_MS)).toMatchObject({ ok: true });
    }
    const ctl = async (...args: string[]): Promise<string> => {
      const { stdout, stderr } = await etcdctl([plan.clientUrl], args);
      return (stdout + stderr).trim();
    };
    expect(await ctl("del", "r/", "--prefix")).toBe(String(KEYS));
    expect(await ctl("put", "a", "1")).toBe("OK");
    first.client.close();
    await first.process.end("SIGKILL");
    const second = await start();
    expect(await ctl("get", "", "--prefix", "--keys-only")).toBe("a");
    second.client.close();
    await second.process.end("SIGTERM");

    async function start(): Promise<Running> {
      return startRunning(plan as NonNullable<typeof plan>, [`--max-txn-ops=${PER_TXN}`]);
    }
  });
});
