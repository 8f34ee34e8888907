// Profiles of this very process, read back as tools read them.

import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { createProfiles } from "./profiles.ts";
import { encodePprof } from "./pprof.ts";

it("a profile of the heap names who made what lives", async () => {
  const pages = await createProfiles();
  const page = await pages("/debug/pprof/heap", new URLSearchParams());
  expect(page?.status).toBe(200);
  const text = gunzipSync(page?.body as Uint8Array).toString("latin1");
  expect(text).toContain("inuse_space");
});

it("a profile of the CPU names where the time went, in either format; one at a time", async () => {
  const pages = await createProfiles();
  const query = new URLSearchParams({ seconds: "0.1" });
  const [first, second] = [
    pages("/debug/pprof/profile", query),
    pages("/debug/pprof/profile", query),
  ];
  expect((await second)?.status).toBe(500);
  const text = gunzipSync((await first)?.body as Uint8Array).toString("latin1");
  expect(text).toContain("nanoseconds");
  query.set("format", "cpuprofile");
  const chrome = await pages("/debug/pprof/profile", query);
  expect(JSON.parse(chrome?.body as string)).toHaveProperty("nodes");
});

it("what cannot be asked for is said", async () => {
  const pages = await createProfiles();
  const query = new URLSearchParams({ seconds: "soon" });
  expect((await pages("/debug/pprof/profile", query))?.status).toBe(400);
  expect(pages("/debug/pprof/nonsense", new URLSearchParams())).toBeNull();
  expect((await pages("/debug/pprof/", new URLSearchParams()))?.body).toContain("heap");
});

it("a stack is written with its leaf first, its functions by number", () => {
  const leaf = { name: "leaf", url: "a.ts", line: 7, values: [3], children: [] };
  const top = { name: "top", url: "a.ts", line: 1, values: [0], children: [leaf] };
  const root = { name: "(root)", url: "", line: 0, values: [0], children: [top] };
  const kinds = [{ name: "space", unit: "bytes" }];
  const bytes = gunzipSync(encodePprof({ kinds, period: 1, durationMs: 0, root }));
  const sample = [0x12, 6, 0x08, 2, 0x08, 1, 0x10, 3]; // locations 2 and 1, value 3
  expect(bytes.toString("latin1")).toContain(Buffer.from(sample).toString("latin1"));
});
