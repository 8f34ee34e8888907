import { describe, expect, it } from "vitest";
import { createInitialCluster } from "./ids.ts";

// Recorded from etcd 3.4.23: `etcdctl member list -w json`.
const THREE = [
  { name: "infra1", peerUrls: ["http://127.0.0.1:12380"] },
  { name: "infra2", peerUrls: ["http://127.0.0.1:22380"] },
  { name: "infra3", peerUrls: ["http://127.0.0.1:32380"] },
];

describe("the ids of a new cluster", () => {
  it("are etcd's for the default flags", () => {
    const initial = [{ name: "default", peerUrls: ["http://localhost:2380"] }];
    const { cluster, members } = createInitialCluster(initial, "etcd-cluster");
    expect(cluster).toBe(14841639068965178418n);
    expect(members.map((member) => member.id)).toEqual([10276657743932975437n]);
  });

  it("are etcd's for one member with two peer URLs, in whatever order they are given", () => {
    const peerUrls = ["http://localhost:12381", "http://127.0.0.1:12380"];
    const given = createInitialCluster([{ name: "n1", peerUrls }], "my-token");
    const reversed = createInitialCluster(
      [{ name: "n1", peerUrls: peerUrls.toReversed() }],
      "my-token",
    );
    expect(given.cluster).toBe(18080841799686429874n);
    expect(given.members[0]?.id).toBe(7045391885902349978n);
    expect(reversed).toEqual(given);
  });

  it("are etcd's for three members, sorted by id, in whatever order they are given", () => {
    const given = createInitialCluster(THREE, "etcd-cluster-1");
    expect(given.cluster).toBe(17237436991929493444n);
    expect(given.members.map((member) => [member.name, member.id])).toEqual([
      ["infra1", 9372538179322589801n],
      ["infra2", 10501334649042878790n],
      ["infra3", 18249187646912138824n],
    ]);
    expect(createInitialCluster(THREE.toReversed(), "etcd-cluster-1")).toEqual(given);
  });

  it("differ when only the token differs, so that two clusters never mistake each other", () => {
    const one = createInitialCluster(THREE, "a");
    const other = createInitialCluster(THREE, "b");
    expect(one.cluster).not.toBe(other.cluster);
    expect(one.members[0]?.id).not.toBe(other.members[0]?.id);
  });
});
