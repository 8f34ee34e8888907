// etcdctl with three members: what is asked of one of them, and of all at once. A real etcd has the
// same beside it.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NodeId } from "../../core/contract.ts";
import { createEtcdClient } from "../../net/socket/client.ts";
import type { Line, Side, Sides } from "./side-by-side.ts";
import { startThree, tell, type } from "./side-by-side.ts";
import { cleanUp, eventually, HAS_ETCD, PATIENCE_MS } from "./testing.ts";

const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";

const STORIES: Readonly<Record<string, readonly Line[]>> = {
  "every member answers": [
    "@0 put a 1",
    "@1 put a 2 --prev-kv",
    "@2 get a -w json",
    "@1 get a -w fields",
    "@1 get a --consistency s",
    "@2 del a",
    "@0 get a",
    "@1 put b 1",
    ["@2 txn", 'mod("b") > "0"\n\nput b 2\nget b\n\n\n'],
    "@1 compaction 3",
    "! @2 get a --rev 2",
    "! @0 compaction 3",
  ],
  "all members are asked": [
    "endpoint health",
    "endpoint health -w json",
    "endpoint health -w table",
    "endpoint health -w fields",
    "@1 endpoint health --cluster",
    "endpoint status",
    "endpoint status -w json",
    "endpoint status -w fields",
    "endpoint status -w table",
    "@2 endpoint status --cluster",
    "endpoint hashkv --rev 4 -w simple",
    "endpoint hashkv -w table",
    "@1 endpoint hashkv --cluster",
    "@0 member list",
    "@1 member list -w json",
    "@1 member list -w fields",
    "@2 member list -w table",
    "alarm list",
    "alarm disarm",
    "defrag",
    "@0 defrag --cluster",
  ],
  "every member knows the leases": [
    "$lease = @1 lease grant 500",
    "@2 put c 1 --lease=$lease",
    "@0 lease timetolive $lease --keys",
    "@1 lease timetolive $lease --keys",
    "@2 lease timetolive $lease --keys",
    "@1 lease keep-alive $lease --once",
    "@2 lease keep-alive $lease --once",
    "@2 lease list",
    "@1 lease revoke $lease",
    "@2 get c",
    "! @1 lease revoke $lease",
  ],
  "the leadership moves": [
    "! move-leader 1234",
    "! @1 move-leader $two",
    "move-leader $three",
    "endpoint status",
    "move-leader $one",
    "endpoint status",
    "move-leader $one",
  ],
};

afterAll(cleanUp);

describe.skipIf(!HAS_ETCD)(`etcdctl, with three members and three of etcd${skipReason}`, () => {
  let sides: Sides;

  beforeAll(async () => {
    sides = await startThree();
  });

  for (const [name, lines] of Object.entries(STORIES)) {
    it(name, async () => tell(sides, lines));
  }

  it("members are added, looked at, changed and removed, or refused", async () => {
    for (const side of [sides.ours, sides.theirs]) {
      side.known.set("taken", side.plans[1]?.peerUrl as string);
      await allowsMembers(side);
    }
    await tell(sides, [
      "! member add four",
      "! member add four --peer-urls=nonsense",
      "! member add four --peer-urls=http://nonsense",
      "! member add four --peer-urls=$taken",
      "! member remove 1234",
      "! member update 1234 --peer-urls=http://127.0.0.1:9",
      "! member promote 1234",
      "! member promote $two",
      "! member update $two",
      "$four = member add four --peer-urls=http://127.0.0.1:9 --learner",
      "@0 member list",
      "@1 member list -w json",
      "@2 member list -w table",
      "@0 member list -w fields",
      "! member add five --peer-urls=http://127.0.0.1:11 --learner",
      "! member promote $four",
      "member update $four --peer-urls=http://127.0.0.1:10,http://127.0.0.1:11",
      "member remove $four",
      "! member remove $four",
      "@1 member list",
      "put a 1",
    ]);
  });

  it("an alarm is heard by all members, until it is disarmed", async () => {
    for (const side of [sides.ours, sides.theirs]) await raiseNoSpace(side);
    await tell(sides, [
      "alarm list",
      "! put a 1",
      "! @1 put a 1",
      "! @2 lease grant 100",
      ["! @1 txn", "\nput a 1\n\n\n"],
      "@2 get a",
      "@0 del a",
      "@0 endpoint status",
      "@1 endpoint status -w json",
      "@2 endpoint status -w fields",
      "@0 endpoint status -w table",
      "endpoint health",
      "endpoint health -w json",
      "alarm disarm",
      "alarm list",
      "@1 put a 1",
      "endpoint health",
    ]);
  });
});

async function raiseNoSpace(side: Side): Promise<void> {
  const client = createEtcdClient(side.plans[0]?.clientUrl as string);
  const memberId = BigInt(`0x${side.known.get("two")}`) as NodeId;
  const request = { kind: "alarm", action: "activate", memberId, alarm: "no_space" } as const;
  expect((await client.call(request, PATIENCE_MS)).ok).toBe(true);
  client.close();
}

/** Once all members have been connected for a while. */
async function allowsMembers(side: Side): Promise<void> {
  await eventually(async () => {
    const added = await type(side, "member add probe --peer-urls=http://127.0.0.1:8 --learner");
    const [, id] = /^Member +(\w+) added/.exec(added.stdout) ?? [];
    return id !== undefined && (await type(side, `member remove ${id}`)).code === 0;
  });
}
