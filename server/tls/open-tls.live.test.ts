// From files of certificates to who may come, and what is refused at the start.

import { X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRevocationList } from "../../net/socket/tls/make-certificate.ts";
import type { Made } from "../../net/socket/tls/make-certificate.ts";
import { issue, makeCa } from "../../net/socket/tls/testing.ts";
import type { LogFields } from "../observe/log.ts";
import { createRejectionLog } from "./rejections.ts";
import { NO_TLS } from "./sides.ts";
import type { TlsFlags } from "./sides.ts";
import { openTls } from "./open-tls.ts";
import { whyNoTls } from "./whether.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const root = fs.mkdtempSync(join(tmpdir(), "detcd-tls-"));
const lines: string[] = [];
let ca: Made;
let own: Made;

beforeAll(async () => {
  ca = await makeCa("ours");
  own = await issue(ca, { commonName: "member" });
  store("ca", ca);
  store("own", own);
});
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

function path(name: string): string {
  return join(root, name);
}

function store(name: string, { certificate, key }: Made): void {
  fs.writeFileSync(path(`${name}.pem`), certificate);
  fs.writeFileSync(path(`${name}.key`), key);
}

const NONE: TlsFlags = {
  "data-dir": join(root, "data"),
  "listen-client-urls": ["https://127.0.0.1:0"],
  "listen-peer-urls": ["http://127.0.0.1:0"],
  ...NO_TLS,
};
const OWN = { "cert-file": path("own.pem"), "key-file": path("own.key") };
const AMONG_PEERS = {
  "listen-peer-urls": ["https://127.0.0.1:0"],
  "listen-client-urls": ["http://127.0.0.1:0"],
  "peer-cert-file": path("own.pem"),
  "peer-key-file": path("own.key"),
  "peer-trusted-ca-file": path("ca.pem"),
};

function log(level: string, message: string, fields: LogFields = {}): void {
  lines.push(`${level}: ${message} ${JSON.stringify(fields)}`);
}

function open(flags: Partial<TlsFlags>): ReturnType<typeof openTls> {
  lines.length = 0;
  return openTls({ ...NONE, ...flags }, log);
}

/** Why a visitor with this certificate may not stay. */
async function objection(flags: Partial<TlsFlags>, made: Made, address = "127.0.0.1") {
  const { clients, peers } = await open(flags);
  const certificate = new X509Certificate(made.certificate);
  return (clients ?? peers)?.objectionTo({ certificate, address });
}

describe("flags of TLS", () => {
  it.each<[Partial<TlsFlags>, RegExp | null]>([
    [OWN, null],
    [{ "auto-tls": true }, null],
    [{ "listen-client-urls": ["http://a:1"] }, null],
    [{}, /^TLS key\/cert \(--cert-file, --key-file\) must be provided for client url https:/],
    [{ ...OWN, "key-file": "" }, /^KeyFile and CertFile must both be present\[key: , cert: /],
    [{ ...OWN, "client-cert-file": "x" }, /^ClientKeyFile and ClientCertFile must both be present/],
    [{ ...OWN, "listen-client-urls": ["http://a:1"] }, /all of --listen-client-urls is .* clear/],
    [{ "listen-client-urls": ["http://a:1"], "client-cert-auth": true }, /served in the clear/],
    [{ "listen-client-urls": ["http://a:1"], "auto-tls": true }, /write https:\/\//],
    [{ ...OWN, "peer-trusted-ca-file": "x" }, /all of --listen-peer-urls is served in the clear/],
    [
      { ...OWN, "tls-min-version": "TLS1.3", "tls-max-version": "TLS1.2" },
      /^min version \(TLS1.3\) is greater than max version \(TLS1.2\)$/,
    ],
    [
      { ...OWN, "tls-min-version": "TLS1.3", "cipher-suites": ["TLS_AES_128_GCM_SHA256"] },
      /^cipher suites cannot be configured when only TLS1.3 is enabled$/,
    ],
    [{ ...OWN, "cipher-suites": ["X"] }, /^unexpected TLS cipher suite "X"$/],
    [{ ...OWN, "cipher-suites": ["TLS_RSA_WITH_RC4_128_SHA"] }, /too weak for this OpenSSL$/],
    [
      { ...AMONG_PEERS, "peer-cert-allowed-cn": "a,b", "peer-cert-allowed-hostname": "c" },
      /^AllowedCNs and AllowedHostnames are mutually exclusive \(cns=\["a","b"\]/,
    ],
    [{ "auto-tls": true, "self-signed-cert-validity": 0 }, /^selfSignedCertValidity is invalid/],
  ])("%j: %s", (flags, reason) => {
    const found = whyNoTls({ ...NONE, ...flags });
    if (reason === null) expect(found).toBeNull();
    else expect(found).toMatch(reason);
  });
});

function day(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

describe("certificates in files", () => {
  it("are refused at the start, with the file and why", async () => {
    store("old", await issue(ca, { from: day(-2), until: day(-1) }));
    store("young", await issue(ca, { from: day(1), until: day(2) }));
    fs.writeFileSync(path("none.pem"), "nothing");
    const refusal = (certificate: string, key: string) =>
      open({ "cert-file": path(certificate), "key-file": path(key) }).catch(
        (error: Error) => error.message,
      );
    const start = (flag: string, file: string) => `cannot use --${flag} ${path(file)}: `;
    expect(await refusal("old.pem", "old.key")).toContain(
      `${start("cert-file", "old.pem")}the certificate has expired at `,
    );
    expect(await refusal("young.pem", "young.key")).toContain("is not valid before");
    expect(await refusal("own.pem", "ca.key")).toContain(
      `${start("key-file", "ca.key")}tls: private key does not match public key`,
    );
    expect(await refusal("none.pem", "own.key")).toContain("failed to find any PEM data");
    expect(await refusal("own.pem", "none.pem")).toContain(start("key-file", "none.pem"));
    expect(await refusal("missing.pem", "own.key")).toContain("there is no such file");
    const authorities = { ...OWN, "trusted-ca-file": path("none.pem") };
    await expect(open(authorities)).rejects.toThrow(start("trusted-ca-file", "none.pem"));
    const list = { ...OWN, "client-crl-file": path("none.pem") };
    await expect(open(list)).rejects.toThrow(/it is no certificate revocation list/);
  });

  it("are read again when they change, and stay in use when what comes is not good", async () => {
    store("changing", own);
    const files = { "cert-file": path("changing.pem"), "key-file": path("changing.key") };
    const { clients } = await open(files);
    const first = clients?.secrets();
    expect(clients?.secrets()).toBe(first);
    const next = await issue(ca, { commonName: "another" });
    fs.writeFileSync(path("changing.pem"), next.certificate);
    expect(clients?.secrets()).toBe(first);
    expect(lines.at(-1)).toMatch(/^warn: failed to create peer certificate .*does not match/);
    store("changing", next);
    expect(clients?.secrets().cert).toBe(next.certificate);
  });

  it("are made where none are given, once", async () => {
    const { clients } = await open({ "auto-tls": true, "peer-auto-tls": true });
    const made = clients?.secrets().cert as string;
    const { subject, subjectAltName, ca: isCa } = new X509Certificate(made);
    expect({ subject, subjectAltName, isCa }).toEqual({
      subject: "O=etcd",
      subjectAltName: "IP Address:127.0.0.1",
      isCa: true,
    });
    expect(lines[0]).toMatch(/^warn: automatically generate certificates/);
    const key = join(root, "data/fixtures/client/key.pem");
    expect(fs.statSync(key).mode & 0o777).toBe(0o600);
    expect((await open({ "auto-tls": true })).clients?.secrets().cert).toBe(made);
  });
});

describe("who has a valid certificate", () => {
  const named = { ...AMONG_PEERS, "peer-cert-allowed-cn": "member,other" };
  const REFUSED = "client certificate authentication failed";

  it("is let in by its name, its host and its address, where those are asked for", async () => {
    expect(await objection(AMONG_PEERS, own)).toBeNull();
    expect(await objection(named, own)).toBeNull();
    expect(await objection(named, ca)).toBe(REFUSED);
    const hosted = { ...AMONG_PEERS, "peer-cert-allowed-hostname": "localhost" };
    expect(await objection(hosted, own)).toBeNull();
    expect(await objection({ ...hosted, "peer-cert-allowed-hostname": "a.b" }, own)).toBe(REFUSED);
    expect(await objection({ ...OWN, "client-cert-allowed-hostname": "a.b" }, own)).toBe(REFUSED);
  });

  it("has come from where it says that it is, if it is a member", async () => {
    const elsewhere = await issue(ca, { hosts: ["192.0.2.1"] });
    expect(await objection(AMONG_PEERS, elsewhere)).toBe(
      "x509: certificate is valid for 192.0.2.1, not 127.0.0.1",
    );
    expect(await objection(AMONG_PEERS, elsewhere, "::ffff:192.0.2.1")).toBeNull();
    const anywhere = { ...AMONG_PEERS, "peer-skip-client-san-verification": true };
    expect(await objection(anywhere, elsewhere)).toBeNull();
    const byName = await issue(ca, { hosts: ["localhost"] });
    expect(await objection(AMONG_PEERS, byName)).toBeNull();
    expect(await objection(AMONG_PEERS, byName, "192.0.2.1")).toBe(
      'tls: "192.0.2.1" does not match any of DNSNames ["localhost"]',
    );
    expect(await objection(OWN, elsewhere)).toBeNull();
  });

  it("is refused when its CA takes that back, from the next connection on", async () => {
    const crl = path("revoked.crl");
    fs.writeFileSync(crl, await makeRevocationList(ca, []));
    const { clients } = await open({ ...OWN, "client-crl-file": crl });
    const certificate = new X509Certificate(own.certificate);
    const reason = () => clients?.objectionTo({ certificate, address: "" });
    expect(await reason()).toBeNull();
    fs.writeFileSync(crl, await makeRevocationList(ca, [ca, own]));
    const serial = certificate.serialNumber.toLowerCase();
    expect(await reason()).toBe(`transport: certificate serial ${serial} revoked`);
    fs.writeFileSync(crl, "nothing");
    expect(await reason()).toBe(`${crl} cannot be read`);
  });
});

describe("who is not let in", () => {
  it("is logged in etcd's words, and the same not again for a while", () => {
    let now = 0;
    lines.length = 0;
    const tell = createRejectionLog("client", log, () => now);
    const certificate = new X509Certificate(own.certificate);
    const about = { serverName: "localhost", certificate, hungUp: false };
    for (let port = 1; port < 50; port++) {
      tell({ ...about, remote: `127.0.0.1:${port}`, reason: "tls: no" });
    }
    tell({ ...about, remote: "127.0.0.1:50", reason: "EOF", certificate: null, hungUp: true });
    now = 60_000;
    tell({ ...about, remote: "127.0.0.1:51", reason: "tls: no" });
    expect(lines).toEqual([
      'warn: rejected connection on client endpoint {"remote-addr":"127.0.0.1:1",' +
        '"server-name":"localhost","ip-addresses":["127.0.0.1"],"dns-names":["localhost"],' +
        '"error":"tls: no"}',
      'debug: rejected connection on client endpoint {"remote-addr":"127.0.0.1:50",' +
        '"server-name":"localhost","error":"EOF"}',
      'warn: rejected connection on client endpoint {"remote-addr":"127.0.0.1:51",' +
        '"server-name":"localhost","ip-addresses":["127.0.0.1"],"dns-names":["localhost"],' +
        '"error":"tls: no","since-the-last-line":48}',
    ]);
  });
});
