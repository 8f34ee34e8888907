// Commands of etcdctl that go on for a while: watches, locks, elections, keep-alives and mirrors. A
// real etcd hears the same beside it.

import { afterAll, beforeAll, describe, it } from "vitest";
import type { Sides } from "./side-by-side.ts";
import { Both, startAlone, tell, type } from "./side-by-side.ts";
import { cleanUp, eventually, HAS_ETCD } from "./testing.ts";

const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";

afterAll(cleanUp);

describe.skipIf(!HAS_ETCD)(
  `etcdctl, while it goes on, with a real etcd beside it${skipReason}`,
  () => {
    let sides: Sides;

    beforeAll(async () => {
      sides = await startAlone();
      for (const side of [sides.ours, sides.theirs]) {
        side.known.set("self", side.plans[0]?.clientUrl ?? "");
      }
    });

    it("watch: needs something to look at", async () => {
      await tell(sides, ["put a 1", "put a 2", "put b 1", "del a", "put b 2", "compaction 3"]);
    });

    it("watch: history, and what comes after it", async () => {
      const watch = new Both(sides, "watch a c --rev 4 --prev-kv");
      await watch.says("PUT\nb\n1\nb\n2\n");
      await tell(sides, ["put a 3", "put c 1", "del a b", ["txn", "\nput a 4\nput b 4\n\n\n"]]);
      await watch.says("PUT\na\n4\nPUT\nb\n");
      await watch.ends("SIGINT");
    });

    it("watch: in the other formats", async () => {
      const json = new Both(sides, "watch b --rev 4 -w json");
      const fields = new Both(sides, "watch b --rev 4 -w fields");
      const hex = new Both(sides, "watch b --rev 4 --hex");
      await Promise.all([
        json.says('"version":2'),
        fields.says('"Version" : 2'),
        hex.says("\\x62"),
      ]);
      for (const each of [json, fields, hex]) await each.ends("SIGINT");
    });

    it("watch: from before a compaction it ends, and says why", async () => {
      const compacted = new Both(sides, "watch a --rev 2");
      await compacted.ends();
      const json = new Both(sides, "watch a --rev 1 -w json");
      await json.ends();
    });

    it("watch: runs a command for every event", async () => {
      const watch = new Both(sides, "watch b --rev 6 -- sh -c 'env | grep ETCD_WATCH | sort'");
      await watch.says('ETCD_WATCH_VALUE="2"');
      await watch.ends("SIGINT");
    });

    it("watch: many on one stream, made and ended by hand, and asked for progress", async () => {
      const watch = new Both(sides, "watch -i");
      for (const keys of ["i/a", "i/b i/c", "j/ --prefix --prev-kv"]) {
        watch.write(`watch ${keys} --rev 4`);
      }
      for (const key of ["i/a", "i/bb", "j/x"]) {
        await tell(sides, [`put ${key} 1`, `put ${key} 2`]);
        await watch.says(`${key}\n2\n`);
      }
      watch.write("progress");
      await watch.says("progress notify:");
      watch.write("nonsense");
      await watch.says("Invalid command");
      await watch.ends("SIGINT");
    });

    it("lease keep-alive: goes on until the lease is revoked", async () => {
      await tell(sides, ["$lease = lease grant 3"]);
      const keep = new Both(sides, "lease keep-alive $lease");
      await keep.says("keepalived with TTL(3)");
      await tell(sides, ["lease revoke $lease"]);
      await keep.ends();
    });

    it("lock: one after the other", async () => {
      const first = new Both(sides, "lock mutex");
      await first.says("mutex/");
      const second = new Both(sides, "lock mutex --ttl 5");
      await both(sides, "get mutex --prefix", (said) => said.split("mutex/").length === 3);
      await first.ends("SIGINT");
      await second.says("mutex/");
      await second.ends("SIGTERM");
      await tell(sides, [
        "get mutex --prefix",
        "! lock",
        "lock mutex echo held",
        "! lock mutex false",
      ]);
    });

    it("elect: one after the other, watched by a third", async () => {
      const first = new Both(sides, "elect office alice");
      await first.says("alice");
      const watcher = new Both(sides, "elect office --listen");
      await watcher.says("alice");
      const second = new Both(sides, "elect office bob");
      await both(sides, "get office --prefix", (said) => said.includes("bob"));
      await first.ends("SIGINT");
      await second.says("bob");
      await watcher.says("bob");
      await second.ends("SIGINT");
      await watcher.ends("SIGINT");
    });

    it("make-mirror: from each to the other", async () => {
      const [ours, theirs] = [sides.ours.known.get("self"), sides.theirs.known.get("self")];
      sides.ours.known.set("other", (theirs as string).replace("http://", ""));
      sides.theirs.known.set("other", (ours as string).replace("http://", ""));
      const mirrored = (values: string): Promise<void> =>
        both(sides, "get copy/ --prefix --print-value-only", (said) => said === values);
      await tell(sides, ["put m/1 a", "put m/2 b"]);
      const mirror = new Both(sides, "make-mirror --prefix m/ --dest-prefix copy/ $other");
      await mirrored("a\nb\n");
      await tell(sides, ["put m/3 c", "del m/2"]);
      await mirrored("a\nc\n");
      await mirror.ends("SIGINT");
    });
  },
);

/** Types the line until both say what is wanted. */
async function both(
  { ours, theirs }: Sides,
  line: string,
  isWanted: (stdout: string) => boolean,
): Promise<void> {
  for (const side of [ours, theirs]) {
    await eventually(async () => isWanted((await type(side, line)).stdout));
  }
}
