// A cluster that speaks TLS on all its ports, with certificates of one CA, and everybody who comes
// to it: clients with names, clients without, and members of another CA.

import * as fs from "node:fs";
import { request } from "node:https";
import { dirname, join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostAndPort } from "../../net/socket/address.ts";
import type { Made } from "../../net/socket/tls/make-certificate.ts";
import { issue, makeCa } from "../../net/socket/tls/testing.ts";
import { main as snapshot } from "../snapshot/main.ts";
import {
  cleanUp,
  etcdctl,
  eventually,
  flagsOf,
  HAS_ETCDCTL,
  type MemberPlan,
  type MemberProcess,
  planMembers,
  runToEnd,
  startMember,
} from "./testing.ts";

const QUICK = ["--heartbeat-interval=20", "--election-timeout=200"];
const REJECTED = '"msg":"rejected connection on peer endpoint"';

let plans: readonly MemberPlan[] = [];
let members: readonly MemberProcess[] = [];
let directory: string;

beforeAll(async () => {
  plans = (await planMembers(["a", "b", "c", "d", "e"])).map(secure);
  directory = dirname(plans[0]?.dataDirectory ?? "");
  const [ours, another] = await Promise.all([makeCa("ours"), makeCa("another")]);
  store("ours", ours);
  store("another", another);
  for (const name of ["member", "root", "bob"])
    store(name, await issue(ours, { commonName: name }));
  store("stranger", await issue(another, { commonName: "root" }));
  store("wrong-name", await issue(ours, { commonName: "somebody" }));
  const first = plans.slice(0, 3);
  const initialCluster = first.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
  const start = (plan: MemberPlan) =>
    startMember({ ...plan, initialCluster }, [...QUICK, ...clients(), ...peers("member")]);
  members = await Promise.all(first.map(start));
});

afterAll(cleanUp);

function acceptNobody(): Error {
  return new Error("not this one");
}

function secure(plan: MemberPlan): MemberPlan {
  const [clientUrl, peerUrl] = [plan.clientUrl, plan.peerUrl].map((url) =>
    url.replace("http:", "https:"),
  ) as [string, string];
  return { ...plan, clientUrl, peerUrl, initialCluster: `${plan.name}=${peerUrl}` };
}

function path(file: string): string {
  return join(directory, file);
}

function store(name: string, { certificate, key }: Made): void {
  fs.writeFileSync(path(`${name}.pem`), certificate);
  fs.writeFileSync(path(`${name}.key`), key);
}

function clients(): readonly string[] {
  return [
    `--cert-file=${path("member.pem")}`,
    `--key-file=${path("member.key")}`,
    `--trusted-ca-file=${path("ours.pem")}`,
    "--client-cert-auth",
  ];
}

function peers(name: string): readonly string[] {
  return [
    `--peer-cert-file=${path(`${name}.pem`)}`,
    `--peer-key-file=${path(`${name}.key`)}`,
    `--peer-trusted-ca-file=${path("ours.pem")}`,
    "--peer-client-cert-auth",
    "--peer-cert-allowed-cn=member",
  ];
}

function endpoint(): string {
  return plans[0]?.clientUrl ?? "";
}

/** What etcdctl says, of somebody with this certificate. */
async function ctl(who: string, ...words: readonly string[]): Promise<string> {
  const shown = who === "" ? [] : ["--cert", path(`${who}.pem`), "--key", path(`${who}.key`)];
  const believed = ["--cacert", path("ours.pem"), "--command-timeout=2s"];
  const { stdout, stderr } = await etcdctl([endpoint()], [...believed, ...shown, ...words]);
  const said = `${stdout}${stderr}`.split("\n").filter((line) => !line.startsWith("{"));
  return said.join("\n").trim();
}

/** What the gateway says to somebody with this certificate. */
function post(who: string, at: string, body: string): Promise<string> {
  const { host, port } = hostAndPort(endpoint());
  const options = {
    host,
    port,
    path: at,
    method: "POST",
    ca: fs.readFileSync(path("ours.pem")),
    cert: fs.readFileSync(path(`${who}.pem`)),
    key: fs.readFileSync(path(`${who}.key`)),
  };
  return new Promise((resolve, reject) => {
    const asking = request(options, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("end", () => resolve(text));
    });
    asking.on("error", reject).end(body);
  });
}

describe.skipIf(!HAS_ETCDCTL)("clients with certificates", () => {
  it("are served by those names, where users are asked for who they are", async () => {
    expect(await ctl("bob", "put", "a", "1")).toBe("OK");
    for (const words of [
      ["user", "add", "root", "--no-password"],
      ["user", "grant-role", "root", "root"],
      ["user", "add", "bob", "--new-user-password=secret"],
      ["role", "add", "reader"],
      ["role", "grant-permission", "reader", "read", "a"],
      ["user", "grant-role", "bob", "reader"],
      ["auth", "enable"],
    ]) {
      expect(await ctl("root", ...words)).not.toContain("Error");
    }
    expect(await ctl("root", "user", "list")).toBe("bob\nroot");
    expect(await ctl("bob", "get", "a")).toBe("a\n1");
    expect(await ctl("bob", "put", "a", "2")).toBe("Error: etcdserver: permission denied");
    expect(await ctl("member", "get", "a")).toBe("Error: etcdserver: permission denied");
    expect(await ctl("root", "--user=bob:secret", "put", "a", "2")).toContain("permission denied");
    const key = Buffer.from("a").toString("base64");
    expect(await post("root", "/v3/kv/range", JSON.stringify({ key }))).toContain(
      "CommonName of client sending a request against gateway will be ignored",
    );
  });

  it("are refused without one, or with one of another CA", async () => {
    expect(await ctl("stranger", "get", "a")).toBe("Error: context deadline exceeded");
    expect(members[0]?.output).toContain("x509: certificate signed by unknown authority");
  });

  it("save a snapshot", async () => {
    const secrets = ["--cacert", "ours.pem", "--cert", "root.pem", "--key", "root.key"];
    const words = secrets.map((word) => (word.startsWith("--") ? word : path(word)));
    const file = path("saved.db");
    const code = await snapshot("snapshot", ["save", file, "--endpoints", endpoint(), ...words]);
    expect(code).toBe(0);
    expect(fs.statSync(file).size).toBeGreaterThan(0);
  });
});

describe("members of another CA, or of another name", () => {
  it("are told so, and are logged once", async () => {
    const url = plans[0]?.peerUrl ?? "";
    const comeAs = (who: string): Promise<string> =>
      new Promise((resolve) => {
        let said = "";
        const cert = fs.readFileSync(path(`${who}.pem`));
        const key = fs.readFileSync(path(`${who}.key`));
        const socket = connect({ ...hostAndPort(url), cert, key, rejectUnauthorized: false });
        socket.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
        socket.on("error", () => undefined);
        socket.once("close", () => resolve(said));
      });
    const CASES = [
      ["stranger", "x509: certificate signed by unknown authority"],
      ["wrong-name", "client certificate authentication failed"],
    ] as const;
    for (const [who, reason] of CASES) {
      for (let times = 0; times < 3; times++) {
        expect(await comeAs(who)).toContain(`remote error: tls: bad certificate: `);
      }
      const lines = members[0]?.output.split("\n") ?? [];
      const told = lines.filter((line) => line.includes(REJECTED) && line.includes(reason));
      expect(told).toHaveLength(1);
    }
  });

  it("and those that do not accept a certificate are heard of", async () => {
    const url = plans[0]?.peerUrl ?? "";
    const cert = fs.readFileSync(path("member.pem"));
    const key = fs.readFileSync(path("member.key"));
    const checkServerIdentity = acceptNobody;
    const secrets = { cert, key, ca: fs.readFileSync(path("ours.pem")), checkServerIdentity };
    const socket = connect({ ...hostAndPort(url), ...secrets }).on("error", () => undefined);
    await new Promise((resolve) => void socket.once("close", resolve));
    await eventually(() => {
      return members[0]?.output.includes("(remote error: tls: bad certificate)") === true;
    });
  });

  it("do not join", async () => {
    const [first, , , stranger] = plans as [MemberPlan, MemberPlan, MemberPlan, MemberPlan];
    const initialCluster = `a=${first.peerUrl},${stranger.initialCluster}`;
    const flags = flagsOf({ ...stranger, initialCluster });
    const joining = [...flags, "--initial-cluster-state=existing", ...clients()];
    const { code, output } = await runToEnd([...joining, ...peers("wrong-name")]);
    expect(code).toBe(1);
    expect(output).toContain("remote error: tls: bad certificate");
  });
});

describe("members that make their own certificates", () => {
  it("serve with them", async () => {
    const plan = plans[4] as MemberPlan;
    const own = ["--auto-tls", "--peer-auto-tls"];
    const member = await startMember(plan, [...QUICK, ...own]);
    const ask = ["--insecure-skip-tls-verify", "--insecure-transport=false", "get", "a"];
    if (HAS_ETCDCTL) expect((await etcdctl([plan.clientUrl], ask)).code).toBe(0);
    expect(member.output).toContain("automatically generate certificates");
  });
});

describe("whoever asks for TLS in the environment", () => {
  it("is not served in the clear", async () => {
    const [plan] = (await planMembers(["f"])) as [MemberPlan];
    const { code, output } = await runToEnd([...flagsOf(plan), ...clients()]);
    expect(code).toBe(1);
    expect(output).toContain("is served in the clear");
  });
});
