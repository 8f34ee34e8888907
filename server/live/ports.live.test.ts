// What a member serves where, and to whom over plain HTTP: addresses of their own for HTTP and for
// scrapers, pages of other origins, foreign names in Host, a gateway that is switched off. Whoever
// is at the wrong door is told so.

import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rangeOf } from "../../core/api/testing.ts";
import { createEtcdClient } from "../../net/socket/client.ts";
import { cleanUp, type MemberPlan, PATIENCE_MS, planMembers, startMember } from "./testing.ts";

let grpc = "";
let http = "";
let metrics = "";
let closed = "";

beforeAll(async () => {
  const [plan, spare] = (await planMembers(["one", "two"])) as [MemberPlan, MemberPlan];
  const [other] = (await planMembers(["other"])) as [MemberPlan];
  grpc = plan.clientUrl;
  http = spare.clientUrl;
  metrics = spare.peerUrl;
  closed = other.clientUrl;
  const more = [
    `--listen-client-http-urls=${http}`,
    `--listen-metrics-urls=${metrics}`,
    "--cors=http://good:80",
    "--host-whitelist=127.0.0.1,home",
  ];
  const alone = { ...plan, initialCluster: `one=${plan.peerUrl}` };
  await Promise.all([
    startMember(alone, more),
    startMember(other, ["--enable-grpc-gateway=false"]),
  ]);
});

afterAll(cleanUp);

type Answer = Readonly<{ status: number | undefined; origin: string | undefined; body: string }>;

function ask(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.once("end", () => {
        const origin = response.headers["access-control-allow-origin"];
        resolve({ status: response.statusCode, origin, body });
      });
    });
    asked.once("error", reject);
    asked.end(method === "POST" ? '{"key":"aw=="}' : "");
  });
}

describe("addresses", () => {
  it("serve gRPC alone, where plain HTTP has its own", async () => {
    expect(await ask(`${grpc}/health`)).toMatchObject({
      status: 421,
      body: `this address serves gRPC only; plain HTTP is served on ${http}\n`,
    });
    const client = createEtcdClient(grpc);
    expect((await client.call(rangeOf("k"), PATIENCE_MS)).ok).toBe(true);
    client.close();
    expect((await ask(`${http}/health`)).status).toBe(200);
    expect((await ask(`${http}/v3/kv/range`, {}, "POST")).status).toBe(200);
    const lost = createEtcdClient(http);
    expect(await lost.call(rangeOf("k"), PATIENCE_MS)).toMatchObject({
      ok: false,
      error: { message: "this address serves plain HTTP only: use one of --listen-client-urls" },
    });
    lost.close();
  });

  it("serve scrapers and probes alone", async () => {
    for (const page of ["metrics", "health", "livez", "readyz/linearizable_read"]) {
      expect((await ask(`${metrics}/${page}`)).status).toBe(200);
    }
    expect(await ask(`${metrics}/version`)).toMatchObject({
      status: 404,
      body: "404 page not found: this address serves /metrics, /health, /livez and /readyz\n",
    });
  });

  it("answer to pages of the origins that may ask", async () => {
    const version = `${http}/version`;
    expect((await ask(version, { origin: "http://good:80" })).origin).toBe("http://good:80");
    expect((await ask(version, { origin: "http://bad:80" })).origin).toBe(undefined);
    expect((await ask(version)).origin).toBe(undefined);
    expect(await ask(version, { origin: "http://good:80" }, "OPTIONS")).toEqual({
      status: 200,
      origin: "http://good:80",
      body: "",
    });
    expect((await ask(`${closed}/version`)).origin).toBe("*");
  });

  it("answer under the names that they have", async () => {
    expect((await ask(`${http}/version`, { host: "home:2379" })).status).toBe(200);
    const strange = await ask(`${http}/version`, { host: "evil.example:2379" });
    expect(strange.status).toBe(421);
    expect(strange.body).toContain('etcd --host-whitelist "evil.example"\n');
    expect(strange.origin).toBe(undefined);
  });

  it("say that the gateway is switched off", async () => {
    expect(await ask(`${closed}/v3/kv/range`, {}, "POST")).toMatchObject({
      status: 501,
      body: JSON.stringify({
        code: 12,
        message:
          "the JSON gateway of this member is switched off: " +
          "start it with --enable-grpc-gateway=true, or use gRPC",
      }),
    });
    expect((await ask(`${closed}/health`)).status).toBe(200);
  });
});
