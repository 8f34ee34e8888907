// Every command of etcdctl 3.4 about keys, transactions, leases and one's own health, in every
// format, to a member of detcd and to a real etcd side by side: what they say is equal.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Line, Sides } from "./side-by-side.ts";
import { startAlone, tell, type } from "./side-by-side.ts";
import { cleanUp, HAS_ETCD } from "./testing.ts";

const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";

const STORIES: Readonly<Record<string, readonly Line[]>> = {
  "put and get": [
    "put a 1",
    "put a 2 -w *",
    "put a 3 --prev-kv -w *",
    "put c ''",
    ["put d", "from stdin"],
    "put b 5",
    "get a -w *",
    "! get a -w table",
    "! get a -w nonsense",
    "get a z -w *",
    "get a --hex",
    "get a --hex -w json",
    "get a --prefix --limit 2 -w json",
    "get '' --prefix",
    "get '' --from-key --keys-only",
    "get b --from-key --print-value-only",
    "get '' --prefix --order DESCEND --sort-by VALUE",
    "get '' --prefix --order ASCEND --sort-by MODIFY",
    "get '' --prefix --sort-by CREATE",
    "get '' --prefix --sort-by VERSION --order DESCEND --limit 1",
    "get a --rev 2",
    "get a --rev 2 -w fields",
    "! get a --rev 9999",
    "get a --consistency s",
    "get nothing -w *",
    "put a 4 --ignore-lease",
    "put a --ignore-value",
    "! put nothing --ignore-value",
    "! put nothing 1 --ignore-lease",
    "! put a 1 --ignore-value",
    "! put a 1 --lease=1234",
    "! put",
    "! get",
    "get a b c",
    "! put '' 1",
    "! put a 1 --lease=nonsense",
  ],
  del: [
    "put d/1 x",
    "put d/2 y",
    "put d/3 z",
    "put d/4 z",
    "del d/1 -w *",
    "del d/2 --prev-kv",
    "put d/2 y",
    "del d/2 --prev-kv -w json",
    "put d/2 y",
    "del d/2 --prev-kv -w fields",
    "put d/2 y",
    "del d/2 --prev-kv -w protobuf",
    "del d/3 d/4",
    "del d/ --prefix",
    "del d/ --prefix -w json",
    "put e 1",
    "del e --from-key --prev-kv",
    "! del",
    "! del ''",
  ],
  txn: [
    "put t 1",
    ["txn", 'ver("t") = "1"\n\nput t 2\nget t\n\nget nothing\n\n'],
    ["txn -w *", 'val("t") = "2"\n\nput t 3\nget t\ndel u\n\nput t 2\nget t\n\n'],
    ["txn", 'ver("t") > "0"\ncreate("t") > "1"\nmod("t") < "99999"\nval("t") != "x"\n\n\n\n'],
    ["txn", 'version("none") = "0"\n\ndel t --prev-kv\n\n\n'],
    ["txn", 'c("t") = "0"\n\nput x 1\nput y 2 --prev-kv\nget x y\n\n\n'],
    ["! txn", 'nonsense("t") = "0"\n\n\n\n'],
    ["! txn", 'ver("t") = "x"\n\n\n\n'],
    ["! txn", "\nput x 1\nput x 2\n\n\n"],
    ["! txn", "\nput x 1\ndel x\n\n\n"],
    ["! txn", "\nput x 1 --lease=77\n\n\n"],
    ["! txn", "\nget x --rev 9999\n\n\n"],
    ["! txn", "\nnonsense x\n\n\n"],
    ["txn -i", 'ver("t") = "0"\n\nput t 2\n\nget t\n\n'],
    ["! txn", `\n${many(129)}\n\n`],
    ["txn", `\n${many(128)}\n\n`],
  ],
  compaction: [
    "put p 1",
    "put p 2",
    "put p 3",
    "compaction 3",
    "! compaction 3",
    "! compaction 99999",
    "! compaction nonsense",
    "! compaction",
    "! get p --rev 2",
    "compaction 5 --physical",
    "get p -w json",
  ],
  "one's own health": [
    "endpoint health",
    "endpoint health -w json",
    "endpoint health -w table",
    "endpoint health -w fields",
    "endpoint status -w simple",
    "endpoint status -w json",
    "endpoint status -w fields",
    "endpoint status -w table",
    "endpoint hashkv -w simple",
    "endpoint hashkv -w json",
    "endpoint hashkv -w fields",
    "endpoint hashkv -w table",
    "endpoint hashkv --rev 6 -w json",
    "! endpoint hashkv --rev 4",
    "! endpoint hashkv --rev 99999",
    "member list -w *",
    "member list -w table",
    "member list --hex",
    "alarm list",
    "alarm disarm",
    "defrag",
    "! move-leader 1234",
    "! move-leader nonsense",
    "! move-leader",
    "version",
    "! nonsense",
  ],
  "sizes and times at their limits": [
    ["put large", "x".repeat(1_572_000)],
    ["! put large", "x".repeat(1_572_864)],
    ["! put large", "x".repeat(2 ** 21 - 20)],
    ["! put large", "x".repeat(2 ** 21)],
    ["! put large", "x".repeat(3_000_000)],
    ["! txn", `\nput l1 ${"x".repeat(1_000_000)}\nput l2 ${"x".repeat(1_000_000)}\n\n\n`],
    "get large --keys-only",
    "get large -w protobuf",
    "del large",
    `! get ${"k".repeat(100_000)} --rev 99999`,
    "! get a --command-timeout=1ns",
    "! put late 1 --command-timeout=1ns",
    "get late",
  ],
  snapshot: [
    "snapshot save $file",
    "snapshot status $file",
    "snapshot status $file -w json",
    "snapshot status $file -w fields",
    "snapshot status $file -w table",
    "! snapshot status $file.missing",
    "snapshot restore $file --data-dir $file.restored",
    "! snapshot restore $file --data-dir $file.restored",
    "! snapshot save",
  ],
  lease: [
    "lease list",
    "$lease = lease grant 600",
    "put l/a 1 --lease=$lease",
    "get l/a -w json",
    "get l/a -w fields",
    "lease timetolive $lease",
    "lease timetolive $lease --keys",
    "lease timetolive $lease --keys -w json",
    "lease timetolive $lease -w json",
    "lease timetolive $lease --keys -w fields",
    "put l/b 2 --lease=$lease --prev-kv", // only now: etcd tells several keys in any order
    "lease list",
    "lease list -w json",
    "lease list -w fields",
    "lease keep-alive $lease --once",
    "lease keep-alive $lease --once -w json",
    "lease keep-alive $lease --once -w fields",
    "put l/a 2 --ignore-lease",
    "lease revoke $lease -w json",
    "lease timetolive $lease",
    "lease timetolive $lease -w json",
    "! lease keep-alive $lease --once",
    "! lease keep-alive $lease --once -w json",
    "! lease revoke $lease",
    "! put l/a 1 --lease=$lease",
    "get l/ --prefix",
    "lease grant 1 -w json",
    "lease grant 60 -w fields",
    "$lease = lease grant 0",
    "! lease grant 9000000001",
    "! lease grant nonsense",
    "! lease grant",
    "! lease revoke nonsense",
    "! lease timetolive",
  ],
};

function many(operations: number): string {
  return Array.from({ length: operations }, (_, at) => `put many/${at} 1\n`).join("");
}

afterAll(cleanUp);

describe.skipIf(!HAS_ETCD)(`etcdctl, with a real etcd beside it${skipReason}`, () => {
  let sides: Sides;

  beforeAll(async () => {
    sides = await startAlone();
    const file = sides.ours.plans[0]?.dataDirectory;
    sides.ours.known.set("file", `${file}.ours.db`);
    sides.theirs.known.set("file", `${file}.theirs.db`);
  });

  for (const [name, lines] of Object.entries(STORIES)) {
    it(name, async () => tell(sides, lines));
  }

  it("what one of them does alone is noticed", async () => {
    await type(sides.ours, "put alone 1");
    await expect(tell(sides, ["get alone"])).rejects.toThrow("detcd:\nalone\n1\n");
    await expect(tell(sides, ["! get a"])).rejects.toThrow("ended with 0 on both sides");
  });
});
