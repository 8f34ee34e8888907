// The pages of a real member, as curl, probes and scrapers read them, and etcdctl's own check.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cleanUp,
  flagsOf,
  type MemberPlan,
  MemberProcess,
  planMembers,
  startMember,
} from "../live/testing.ts";
import { CLUSTER_VERSION, ETCD_VERSION } from "./version.ts";

let url = "";
let lonely = "";

beforeAll(async () => {
  const [plan] = (await planMembers(["alone"])) as [MemberPlan];
  const [one] = (await planMembers(["one", "two", "three"])) as [MemberPlan];
  const serving = new MemberProcess(flagsOf(one)).says('"msg":"serving client traffic');
  await Promise.all([startMember(plan), serving]);
  url = plan.clientUrl;
  lonely = one.clientUrl; // two of three members are not there
});

afterAll(cleanUp);

async function get(path: string, at = url): Promise<string> {
  const response = await fetch(`${at}${path}`);
  return `${response.status} ${await response.text()}`;
}

describe("a member's pages", () => {
  it("tell its version", async () => {
    expect(await get("/version")).toBe(
      `200 {"etcdserver":"${ETCD_VERSION}",` +
        `"etcdcluster":"${CLUSTER_VERSION}.0","storage":"${CLUSTER_VERSION}.0"}`,
    );
  });

  it("tell its health", async () => {
    expect(await get("/health")).toBe('200 {"health":"true","reason":""}');
    expect(await get("/health?serializable=true")).toBe('200 {"health":"true","reason":""}');
    expect(await get("/livez")).toBe("200 ok\n");
    expect(await get("/readyz?exclude=data_corruption&verbose")).toBe(
      "200 [+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n",
    );
    expect(await get("/readyz/linearizable_read")).toBe("200 ok\n");
    expect(await get("/readyz/nonsense")).toBe("404 404 page not found\n");
  });

  it("tell that there is no leader", async () => {
    const noLeader = '503 {"health":"false","reason":"RAFT NO LEADER"}\n';
    expect(await get("/health", lonely)).toBe(noLeader);
    expect(await get("/health?serializable=true", lonely)).toMatch(/^200 /);
    expect(await get("/livez", lonely)).toBe("200 ok\n");
    expect(await get("/metrics", lonely)).toContain("\netcd_server_has_leader 0\n");
    expect(await get("/version", lonely)).toContain('"etcdcluster":"not_decided"');
  });

  it("tell what scrapers ask for", async () => {
    const text = await get("/metrics");
    expect(text).toMatch(/^200 # HELP etcd_server_leader_changes_seen_total /);
    expect(text).toContain("\netcd_server_has_leader 1\n");
    expect(text).toContain(`\netcd_server_version{server_version="${ETCD_VERSION}"} 1\n`);
    expect(
      Number(/^etcd_disk_wal_fsync_duration_seconds_count (\d+)$/m.exec(text)?.[1]),
    ).toBeGreaterThan(0);
    expect(Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(1e7);
    for (const line of text.slice(4).trimEnd().split("\n")) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+]+)$/,
      );
    }
  });

  it("are for reading only", async () => {
    const response = await fetch(`${url}/health`, { method: "POST", body: "x" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
  });
});
