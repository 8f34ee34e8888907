// Users, roles and permissions as etcdctl 3.4 uses them, on a member of detcd and on a real etcd
// side by side; then what newer releases of etcd do otherwise, on detcd alone.

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Line, Side, Sides } from "./side-by-side.ts";
import { Both, startAlone, tell, type } from "./side-by-side.ts";
import { cleanUp, HAS_ETCD } from "./testing.ts";

const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";
const CHEAP = ["--bcrypt-cost=4"];

/** Told in this order: each goes on where the one before it ended. */
const STORIES: Readonly<Record<string, readonly Line[]>> = {
  "users and roles while nobody is asked": [
    "! auth enable",
    "user list -w json",
    "role list -w json",
    "user add root:rootpw -w json",
    "! user add root:again",
    "user add alice:pw -w fields",
    "user add bob:pw",
    "user add carol --no-password",
    "! user add '' --no-password",
    "user list",
    "! user list -w fields",
    "user get alice",
    "user get alice -w json",
    "! user get nobody",
    "! user delete nobody",
    "role add writer -w json",
    "role add reader -w fields",
    "role add unused",
    "! role add writer",
    "role list -w *",
    "role get writer -w json",
    "! role get nothing",
    "! role delete nothing",
    "role delete unused -w json",
  ],
  "permissions and who has them": [
    "role grant-permission writer readwrite a",
    "role grant-permission writer readwrite p/ --prefix",
    "role grant-permission writer write only/ --prefix",
    "role grant-permission reader read b d -w json",
    "role grant-permission reader read d f",
    "role grant-permission reader read x --from-key",
    "role grant-permission reader read b d",
    "role grant-permission reader write b d",
    "role grant-permission reader read b d -w fields",
    "! role grant-permission nothing read b",
    "! role grant-permission reader nonsense b",
    "role get reader -w *",
    "role get writer -w *",
    "! role revoke-permission reader nothing",
    "role grant-permission reader read zz",
    "role revoke-permission reader zz -w json",
    "user grant-role alice writer -w json",
    "user grant-role alice writer",
    "user grant-role alice reader -w fields",
    "user grant-role bob reader",
    "! user grant-role alice nothing",
    "! user grant-role nobody reader",
    "! user revoke-role bob writer",
    "user get alice",
    "user get alice -w json",
    "user get alice --detail",
    "put a 1",
    "put b 1",
    "put p/1 1",
    "put z 1",
    "user grant-role root root",
    "role add root",
    "auth enable -w json",
  ],
  "keys, once everybody is asked": [
    "! get a",
    "! put a 2",
    "! --user=nobody:pw get a",
    "! --user=alice:wrong get a",
    "! --user=carol:pw get a",
    "--user=root:rootpw get '' --prefix",
    "--user=alice:pw get a",
    "--user=alice:pw put a 2 --prev-kv",
    "! --user=bob:pw get a",
    "! --user=bob:pw put b 2",
    "--user=bob:pw get b f",
    "! --user=bob:pw get b g",
    "! --user=bob:pw get a f",
    "--user=bob:pw get x --from-key",
    "! --user=bob:pw get w --from-key",
    "--user=alice:pw put only/1 1",
    "! --user=alice:pw get only/1",
    "! --user=alice:pw put only/1 2 --prev-kv",
    "! --user=alice:pw del only/ --prefix --prev-kv",
    "--user=alice:pw del only/ --prefix",
    "! --user=alice:pw del z",
    "! --user=alice:pw put y 1",
    ["--user=alice:pw txn", 'val("a") = "2"\n\nput p/2 2\nget b\n\nput a 9\n\n'],
    ["! --user=alice:pw txn", 'val("only/1") = "2"\n\nput p/2 2\n\n\n'],
    ["! --user=alice:pw txn", 'val("a") = "2"\n\nput p/2 2\n\nput q 1\n\n'],
    ["! --user=bob:pw txn", 'val("b") = "1"\n\n\ndel b\n\n'],
    ["--user=bob:pw txn", 'val("b") = "1"\n\nget c\n\nget d\n\n'],
    "! --user=alice:pw get a --consistency=s --rev=9999",
    "--user=alice:pw get a --consistency=s",
    "! --user=bob:pw get a --consistency=s",
    "! get a --consistency=s",
  ],
  leases: [
    "$lease = --user=alice:pw lease grant 60",
    "--user=alice:pw put a 3 --lease=$lease",
    "--user=alice:pw lease timetolive $lease --keys",
    "--user=bob:pw lease timetolive $lease",
    "! --user=bob:pw lease revoke $lease",
    "--user=alice:pw lease keep-alive $lease --once",
    "--user=alice:pw lease list",
    "--user=root:rootpw put z 2 --lease=$lease",
    "! --user=alice:pw put a 4 --lease=$lease",
    "! --user=alice:pw lease revoke $lease",
    "--user=root:rootpw lease revoke $lease",
    "--user=root:rootpw get a",
  ],
  "what only root may do": [
    "! --user=alice:pw user list",
    "! --user=alice:pw role list",
    "! --user=alice:pw user add dave:pw",
    "! --user=alice:pw user delete bob",
    "! --user=alice:pw role add more",
    "! --user=alice:pw user grant-role alice root",
    "! --user=alice:pw auth disable",
    "! auth disable",
    "! user list",
    "--user=alice:pw user get alice",
    "! --user=alice:pw user get bob",
    "--user=alice:pw role get writer",
    "! --user=bob:pw role get writer",
    "! --user=root:rootpw user delete root",
    "! --user=root:rootpw role delete root",
    "! --user=root:rootpw user revoke-role root root",
    "--user=root:rootpw auth enable",
    ["! --user=alice:pw user passwd alice --interactive=false", "new\n"],
    ["--user=root:rootpw user passwd alice --interactive=false -w json", "new\n"],
    "! --user=alice:pw get a",
    "--user=alice:new get p/1",
    ["! --user=root:rootpw user passwd nobody --interactive=false", "new\n"],
    "--user=root:rootpw user revoke-role bob reader -w json",
    "! --user=bob:pw get b",
    "--user=root:rootpw role delete writer -w fields",
    "! --user=alice:new get p/1",
    "--user=root:rootpw user get alice",
    "--user=root:rootpw user delete bob -w fields",
    "! --user=bob:pw get b",
    "--user=root:rootpw auth disable -w fields",
    "auth disable",
    "get z",
    "user get alice",
  ],
};

afterAll(cleanUp);

describe.skipIf(!HAS_ETCD)(`etcdctl and users, with a real etcd beside it${skipReason}`, () => {
  let sides: Sides;

  beforeAll(async () => {
    sides = await startAlone(CHEAP);
  });

  for (const [name, lines] of Object.entries(STORIES)) {
    it(name, async () => tell(sides, lines));
  }

  it("watches are refused, and those that are open go on", async () => {
    await tell(sides, [
      "role add watcher",
      "role grant-permission watcher read w/ --prefix",
      "user grant-role alice watcher",
      "auth enable",
    ]);
    const allowed = new Both(sides, "--user=alice:new watch w/ --prefix");
    const refused = new Both(sides, "--user=alice:new watch w --prefix");
    const nobody = new Both(sides, "watch w/ --prefix");
    await refused.ends();
    await nobody.ends();
    await tell(sides, ["--user=root:rootpw put w/1 1"]);
    await allowed.says("PUT\nw/1\n1\n");
    await allowed.ends("SIGINT");
  });

  it("detcd guards what newer releases of etcd guard, in their words", async () => {
    for (const line of ["compaction 2", "endpoint hashkv", "defrag", "snapshot save $file"]) {
      expect(await said(sides.ours, `--user=alice:new ${line}`)).toContain(
        "etcdserver: permission denied",
      );
      expect(await said(sides.ours, line)).toContain("etcdserver: user name is empty");
    }
    for (const line of ["member list", "endpoint status", "alarm list"]) {
      expect(await said(sides.ours, line)).toContain("etcdserver: user name is empty");
      expect(await said(sides.ours, `--user=alice:new ${line}`)).not.toContain("etcdserver:");
    }
    const lease = /lease ([0-9a-f]+)/.exec(
      await said(sides.ours, "--user=root:rootpw lease grant 60"),
    )?.[1];
    expect(await said(sides.ours, `--user=root:rootpw put a 1 --lease=${lease}`)).toBe("OK\n");
    const timeToLive = `lease timetolive ${lease}`;
    expect(await said(sides.ours, timeToLive)).toContain("etcdserver: user name is empty");
    expect(await said(sides.ours, "lease grant 60")).toContain("etcdserver: user name is empty");
    const keys = `--user=alice:new ${timeToLive} --keys`;
    expect(await said(sides.ours, keys)).toContain("etcdserver: permission denied");
    expect(await said(sides.ours, "--user=alice:new lease list")).toContain(
      "etcdserver: permission denied",
    );
    const backwards = "--user=root:rootpw role grant-permission watcher read z b";
    expect(await said(sides.ours, backwards)).toContain("etcdserver: invalid auth management");
    expect(await said(sides.ours, "--user=root:rootpw compaction 2")).toBe(
      "compacted revision 2\n",
    );
  });
});

describe.skipIf(!HAS_ETCD)(`signed tokens, with a real etcd beside it${skipReason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "detcd-jwt-"));
  const key = join(folder, "key.pem");

  afterAll(() => rmSync(folder, { recursive: true }));

  it("are as good as simple ones, until users change", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(key, privateKey.export({ type: "pkcs1", format: "pem" }));
    const sides = await startAlone([
      ...CHEAP,
      `--auth-token=jwt,sign-method=RS256,priv-key=${key},ttl=60s`,
    ]);
    await tell(sides, [
      "user add root:rootpw",
      "user add alice:pw",
      "role add r",
      "role grant-permission r readwrite a",
      "user grant-role root root",
      "user grant-role alice r",
      "auth enable",
      "--user=alice:pw put a 1",
      "--user=alice:pw get a",
      "! --user=alice:pw get b",
      "! --user=alice:wrong get a",
      "! get a",
      "--user=root:rootpw role get r",
      "--user=root:rootpw role revoke-permission r a",
      "! --user=alice:pw get a",
      "--user=root:rootpw auth disable",
    ]);
  });
});

async function said(side: Side, line: string): Promise<string> {
  const { stdout, stderr } = await type(side, line);
  return stdout + stderr;
}
