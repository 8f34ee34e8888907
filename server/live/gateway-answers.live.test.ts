// Requests of every kind to the JSON gateway, and what etcd 3.7 answers: each call, bad input, the
// life of users, streams. The golden is etcd's own; DETCD_ETCD=/path/to/etcd asks a real one again.

import { spawn } from "node:child_process";
import { afterAll, describe, expect, it } from "vitest";
import { must } from "../../core/lib/assert.ts";
import { cleanUp, flagsOf, eventually, PATIENCE_MS, planMembers, startMember } from "./testing.ts";
import type { MemberPlan } from "./testing.ts";

const GOLDEN = "testdata/gateway.txt";
const ETCD = process.env["DETCD_ETCD"] ?? "";

/** Path and body, or a method in front of them. */
const REQUESTS: readonly string[] = [
  'kv/put {"key":"Zm9v","value":"YmFy"}',
  'kv/put {"key":"Zm9v","value":"YmF6","prev_kv":true}',
  'kv/put {"key":"Zm9v","ignore_value":true,"lease":"5"}',
  'kv/range {"key":"Zm9v"}',
  'kv/range {"key":"AA==","range_end":"AA==","keys_only":true,"limit":"1"}',
  'kv/range {"key":"AA==","rangeEnd":"AA==","countOnly":true}',
  'kv/range {"key":"Zm9v","revision":100}',
  'kv/range {"key":"Zm9v","sort_order":7}',
  'kv/range {"key":"Zm9v","sort_order":"NOPE","unknown":[{}]}',
  'kv/range {"key":5}',
  'kv/range {"limit":"x"}',
  'kv/range {"limit":9223372036854775808}',
  'kv/range {"serializable":"true"}',
  'kv/range {"key":"!"}',
  "kv/range null",
  "kv/range [1]",
  "kv/range {",
  "kv/range {]",
  "kv/range nonsense",
  "kv/range ",
  'kv/range {"key":"Zm9v"} and more',
  'kv/range {"key":"Zm9v","key":""}',
  "GET kv/range ",
  "PUT kv/range {}",
  "DELETE kv/range ",
  "kv/nonsense {}",
  "kv/range/ {}",
  'kv/txn {"compare":[{"key":"Zm9v","target":"VERSION","result":"EQUAL","version":"2"}],' +
    '"success":[{"request_range":{"key":"Zm9v"}},{"requestPut":{"key":"YQ=="}}],' +
    '"failure":[{"request_delete_range":{"key":"Zm9v"}}]}',
  'kv/txn {"compare":[{"key":"Zm9v","target":"VALUE","result":"LESS","value":""}],' +
    '"failure":[{"request_delete_range":{"key":"YQ==","prev_kv":true}},' +
    '{"request_txn":{"success":[{"request_range":{"key":"YQ=="}}]}}]}',
  'kv/txn {"success":[{}]}',
  'kv/txn {"success":[{"request_put":{"key":"YQ=="}},{"request_put":{"key":"YQ=="}}]}',
  'kv/deleterange {"key":"YQ==","range_end":"Yg==","prev_kv":true}',
  'kv/compaction {"revision":"3","physical":true}',
  'kv/compaction {"revision":"300"}',
  'kv/range {"key":"Zm9v","revision":"2"}',
  'lease/grant {"TTL":"100","ID":"5"}',
  'lease/grant {"TTL":"100","ID":"5"}',
  'lease/grant {"TTL":"99999999999"}',
  'kv/put {"key":"bGVhc2Vk","lease":"5"}',
  'lease/timetolive {"ID":"5","keys":true}',
  'kv/lease/timetolive {"ID":"6"}',
  "lease/leases {}",
  "kv/lease/leases ",
  'lease/keepalive {"ID":"5"}{"ID":"6"}',
  "lease/keepalive ",
  'lease/revoke {"ID":"5"}',
  'kv/lease/revoke {"ID":"5"}',
  "cluster/member/list {}",
  'cluster/member/add {"peerURLs":["http://127.0.0.1:1"],"isLearner":true}',
  'cluster/member/add {"peerURLs":["http://127.0.0.1:3","http://127.0.0.1:1"]}',
  'cluster/member/add {"peerURLs":["nonsense"]}',
  'cluster/member/promote {"ID":"$member"}',
  'cluster/member/update {"ID":"$member","peerURLs":["http://127.0.0.1:2"]}',
  'cluster/member/remove {"ID":"$member"}',
  'cluster/member/remove {"ID":"77"}',
  'maintenance/alarm {"action":"ACTIVATE","memberID":"7","alarm":"NOSPACE"}',
  'maintenance/alarm {"action":0}',
  'maintenance/alarm {"action":"DEACTIVATE","memberID":"7","alarm":"NOSPACE"}',
  "maintenance/status {}",
  "maintenance/hash {}",
  'maintenance/hashkv {"revision":"4"}',
  "maintenance/defragment {}",
  "maintenance/snapshot {}",
  'maintenance/downgrade {"action":"VALIDATE","version":"3.5"}',
  'maintenance/transfer-leadership {"targetID":"5"}',
  'election/campaign {"name":"ZQ==","value":"djE="}',
  'election/leader {"name":"ZQ=="}',
  'election/proclaim {"value":"djI="}',
  'election/proclaim {"leader":{"name":"ZQ==","key":"ZQ==","rev":"1"}}',
  "election/resign {}",
  'election/leader {"name":"bm9ib2R5"}',
  'lock/lock {"name":"bA=="}',
  'lock/unlock {"key":"bA=="}',
  "auth/status {}",
  "auth/enable {}",
  'auth/authenticate {"name":"root","password":"pw"}',
  'auth/user/add {"name":"root","password":"pw"}',
  'auth/user/add {"name":"root","password":"pw"}',
  'auth/user/add {"name":"guest","options":{"no_password":true}}',
  'auth/role/add {"name":"root"}',
  'auth/role/add {"name":"reader"}',
  'auth/role/grant {"name":"reader","perm":{"permType":"READ","key":"Zm9v","range_end":"AA=="}}',
  'auth/role/get {"role":"reader"}',
  "auth/role/list {}",
  'auth/role/revoke {"role":"reader","key":"eA=="}',
  'auth/user/grant {"user":"root","role":"root"}',
  'auth/user/grant {"user":"guest","role":"reader"}',
  'auth/user/get {"name":"guest"}',
  "auth/user/list {}",
  'auth/user/revoke {"name":"guest","role":"reader"}',
  'auth/user/changepw {"name":"root","password":"px"}',
  'auth/role/delete {"role":"reader"}',
  'auth/user/delete {"name":"guest"}',
  "auth/enable {}",
  'kv/range {"key":"Zm9v"}',
  'auth/authenticate {"name":"root","password":"wrong"}',
  'auth/authenticate {"name":"root","password":"px"}',
  '$token kv/range {"key":"Zm9v"}',
  '$wrong kv/range {"key":"Zm9v"}',
  "maintenance/snapshot {}",
  "$token auth/status {}",
  "$token auth/disable {}",
];

afterAll(cleanUp);

describe("the gateway's answers", () => {
  it("are those of etcd", { timeout: PATIENCE_MS }, async () => {
    const plan = await planOne();
    await startMember(plan);
    await expect(await transcriptOf(plan)).toMatchFileSnapshot(GOLDEN);
  });

  it.skipIf(ETCD === "")("are still those of etcd", { timeout: PATIENCE_MS }, async () => {
    const plan = await planOne();
    const etcd = spawn(ETCD, flagsOf(plan), { stdio: "ignore" });
    try {
      await eventually(async () => (await fetch(`${plan.clientUrl}/health`)).ok);
      await expect(await transcriptOf(plan)).toMatchFileSnapshot(GOLDEN);
    } finally {
      etcd.kill();
    }
  });
});

async function planOne(): Promise<MemberPlan> {
  const [plan] = await planMembers(["one"]);
  return must(plan ?? null, "one was planned");
}

async function transcriptOf({ clientUrl, peerUrl }: MemberPlan): Promise<string> {
  const known = new Map([["$wrong", "nonsense"]]);
  const lines: string[] = [];
  for (const line of REQUESTS) {
    const [, , token = "", method = "POST", path = "", body = ""] =
      /^((\$\w+) )?(?:([A-Z]+) )?(\S+) (.*)$/.exec(line) ?? [];
    const filled = body.replace(/\$\w+/, (name) => known.get(name) ?? name);
    const response = await fetch(`${clientUrl}/v3/${path}`, {
      method,
      headers: token === "" ? {} : { authorization: known.get(token) ?? "" },
      ...(method === "GET" ? {} : { body: filled }),
    });
    const text = await response.text();
    const member = /"member":\s*\{"ID":\s*"(\d+)"/.exec(text)?.[1];
    const newToken = /"token":\s*"([^"]+)"/.exec(text)?.[1];
    if (member !== undefined) known.set("$member", member);
    if (newToken !== undefined) known.set("$token", newToken);
    const said = text.split("\n").map((each) => equal(each));
    const told = `${response.status} ${response.headers.get("content-type") ?? "-"}`;
    lines.push(
      `${line}\n  ${told}`,
      ...said.filter((each) => each !== "").map((each) => `  ${each}`),
    );
  }
  return `${lines.join("\n")}\n`.replaceAll(clientUrl, "<client>").replaceAll(peerUrl, "<peer>");
}

/** What may differ, by its name. */
const MAY_DIFFER: ReadonlySet<string> = new Set(
  (
    "cluster_id member_id raft_term raftIndex raftAppliedIndex raftTerm dbSize dbSizeInUse " +
    "dbSizeQuota token blob"
  ).split(" "),
);

type Member = Readonly<{ name?: string }>;

function byName(a: Member, b: Member): number {
  return (b.name ?? "").localeCompare(a.name ?? "");
}

function equal(text: string): string {
  if (!text.startsWith("{")) return text;
  const isStoreHash = text.includes('"hash"') && !text.includes("hash_revision");
  return JSON.stringify(JSON.parse(text), (key, value: unknown) => {
    if (key === "hash" && isStoreHash) return "<hash>";
    if (key === "TTL" && text.includes("grantedTTL")) return "<left>";
    if (key === "message") return String(value).replace("\u{a0}", " "); // each build of Go has its own
    if (key === "members") return (value as Member[]).toSorted(byName); // else by their ids
    if (typeof value !== "string") return value;
    if (MAY_DIFFER.has(key)) return `<${key}>`;
    if (/^\d{15,}$/.test(value)) return "<id>";
    if (/^3\.\d+(\.\d+)?$/.test(value)) return "<version>";
    if (key !== "key") return value;
    const plain = Buffer.from(value, "base64").toString("latin1");
    return /\/[0-9a-f]{9,}$/.test(plain) ? plain.replace(/[0-9a-f]{9,}$/, "<lease>") : value;
  });
}
