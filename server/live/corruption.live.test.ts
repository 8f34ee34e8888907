// Three real members, and the file of one store changed while its member is down: by itself it
// would not notice, and serve what nobody wrote.

import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Bytes } from "../../core/contract.ts";
import { decodeKeyValue, encodeKeyValue, readApplied } from "../../core/kv/tables.ts";
import { must } from "../../core/lib/assert.ts";
import { ABOVE_ALL, EMPTY } from "../../core/lib/bytes.ts";
import { KvStore } from "../storage/kv-store.ts";
import {
  cleanUp,
  etcdctl,
  eventually,
  flagsOf,
  HAS_ETCDCTL,
  type MemberPlan,
  planMembers,
  runToEnd,
  startMember,
} from "./testing.ts";

const skipReason = HAS_ETCDCTL ? "" : " (skipped: etcdctl is not installed)";
const OFTEN = "--corrupt-check-time=500ms";
const AT_START = "--feature-gates=InitialCorruptCheck=true";

describe.skipIf(!HAS_ETCDCTL)(`a store that is silently harmed${skipReason}`, () => {
  afterAll(cleanUp);

  it("keeps its member from serving, or is found by the others", { timeout: 90_000 }, async () => {
    const plans = await planMembers(["one", "two", "three"]);
    const [first, second, third] = plans as [MemberPlan, MemberPlan, MemberPlan];
    const members = await Promise.all(plans.map((plan) => startMember(plan, [OFTEN])));
    const endpoint = [first.clientUrl];
    for (const key of ["a", "b", "c"]) {
      await eventually(async () => (await etcdctl(endpoint, ["put", key, "1"])).code === 0);
    }
    for (const { clientUrl } of [second, third]) {
      const local = ["get", "c", "--consistency=s", "--print-value-only"];
      await eventually(async () => (await etcdctl([clientUrl], local)).stdout === "1\n");
    }
    await members[1]?.end("SIGTERM");
    await members[2]?.end("SIGTERM");
    await harm(third);

    const again = startMember(second, [OFTEN, AT_START]);
    await (await again).says("initial corruption checking passed; no corruption");
    const refused = await runToEnd([...flagsOf(third), AT_START]);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/checkInitialHashKV failed: \w+ found data inconsistency/);
    expect(refused.output).toMatch(/etcdctl member remove \w+; etcdctl member add/);

    // The leader may have asked it already, while it compared itself; and any of them may lead now.
    await startMember(third, [OFTEN]);
    await eventually(async () => (await etcdctl(endpoint, ["alarm", "list"])).stdout !== "");
    const status = (await etcdctl([third.clientUrl], ["endpoint", "status", "-w", "fields"]))
      .stdout;
    const [, id] = /"MemberID" : (\d+)/.exec(status) ?? [];
    const { stdout } = await etcdctl(endpoint, ["alarm", "list"]);
    expect(stdout).toBe(`memberID:${id} alarm:CORRUPT \n`);
    const put = await etcdctl(endpoint, ["put", "a", "2"]);
    expect(put.stderr).toContain("etcdserver: corrupt cluster");
  });
});

/** One bit of the last value, in a member that is down. */
async function harm({ dataDirectory }: MemberPlan): Promise<void> {
  const store = new KvStore(join(dataDirectory, "member"), {
    onDone: () => {},
    onFailure: (error) => expect.unreachable(error.message),
  });
  const rows = store.reader.scan("keys", EMPTY, ABOVE_ALL, true);
  const [key, bytes] = must([...rows][0], "the store holds something") as [Bytes, Uint8Array];
  const kv = must(decodeKeyValue(bytes), "its rows can be read");
  const value = encodeKeyValue({ ...kv, value: Buffer.from("0") });
  store.apply(readApplied(store.reader).index, [{ kind: "put", table: "keys", key, value }]);
  await store.close();
}
