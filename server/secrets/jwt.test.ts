// Signed tokens: each method signs what it verifies, and nothing else passes.

import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { TokenSigner } from "./jwt.ts";
import { createSigner } from "./jwt.ts";

const folder = mkdtempSync(join(tmpdir(), "detcd-jwt-"));
const NOW_MS = 1_700_000_000_000;
const RSA_PAIR = generateKeyPairSync("rsa", { modulusLength: 2048 });
const RSA_PUBLIC = publicPem(RSA_PAIR.publicKey);
const RSA = filesOf("rsa", RSA_PAIR);
const EC256 = filesOf("ec256", generateKeyPairSync("ec", { namedCurve: "P-256" }));
const EC384 = filesOf("ec384", generateKeyPairSync("ec", { namedCurve: "P-384" }));
const ED = filesOf("ed", generateKeyPairSync("ed25519"));
const SECRET = fileOf("secret", "a secret");

const CASES: readonly (readonly [method: string, keys: readonly string[]])[] = [
  ["RS256", RSA],
  ["RS512", RSA],
  ["PS256", RSA],
  ["PS384", RSA],
  ["ES256", EC256],
  ["ES384", EC384],
  ["EdDSA", ED],
  ["HS256", [`priv-key=${SECRET}`]],
  ["HS512", [`priv-key=${SECRET}`]],
];

afterAll(() => rmSync(folder, { recursive: true }));

describe("a signed token", () => {
  it.each(CASES)("of %s says who, under which revision, until when", (method, keys) => {
    const signer = signerOf([`sign-method=${method}`, ...keys, "ttl=10s"]);
    const token = signer.sign("älice", 7, NOW_MS) ?? "";
    const untilMs = NOW_MS + 10_000;
    expect(signer.verify(token, NOW_MS)).toEqual({ user: "älice", revision: 7, untilMs });
    expect(signer.verify(token, untilMs - 1)).not.toBeNull();
    expect(signer.verify(token, untilMs)).toBeNull();
    expect(signer.verify(`${token}A`, NOW_MS)).toBeNull();
    const [head, claims, signature = ""] = token.split(".");
    expect(signer.verify(`${head}.${claims}.${signature.slice(4)}`, NOW_MS)).toBeNull();
    expect(signer.verify(`${head}.${claims}.`, NOW_MS)).toBeNull();
    expect(signer.verify(`${head}.${claims}`, NOW_MS)).toBeNull();
    expect(
      signer.verify(`${head}.${part({ username: "root", revision: 7 })}.${signature}`, 0),
    ).toBe(null);
  });

  it("is verified by the flag's method alone: not by none, nor by the public key as a secret", () => {
    const signer = signerOf(["sign-method=RS256", ...RSA]);
    const claims = part({ username: "root", revision: 7 });
    expect(signer.verify(`${part({ alg: "none" })}.${claims}.`, NOW_MS)).toBeNull();
    const confused = `${part({ alg: "HS256", typ: "JWT" })}.${claims}`;
    for (const secret of [RSA_PUBLIC, RSA_PUBLIC.trim()]) {
      const signature = createHmac("sha256", secret).update(confused).digest("base64url");
      expect(signer.verify(`${confused}.${signature}`, NOW_MS)).toBeNull();
    }
    const other = signerOf(["sign-method=RS512", ...RSA]);
    expect(signer.verify(other.sign("root", 7, NOW_MS) ?? "", NOW_MS)).toBeNull();
  });

  it("must make sense", () => {
    const signer = signerOf(["sign-method=HS256", `priv-key=${SECRET}`]);
    const head = { alg: "HS256" };
    const claims = { username: "a", revision: 1 };
    expect(signer.verify(hmacToken(head, claims), NOW_MS)).toEqual({
      user: "a",
      revision: 1,
      untilMs: Infinity,
    });
    const senseless: readonly (readonly [object, object])[] = [
      [{ ...head, crit: ["x"] }, claims],
      [{ alg: "hs256" }, claims],
      [head, { ...claims, username: 5 }],
      [head, { ...claims, revision: "1" }],
      [head, { ...claims, revision: -1 }],
      [head, { ...claims, exp: "never" }],
      [head, { ...claims, nbf: NOW_MS / 1000 + 1 }],
      [head, [claims]],
    ];
    for (const [h, c] of senseless) expect(signer.verify(hmacToken(h, c), NOW_MS)).toBeNull();
    for (const token of ["", ".", "..", "...", "a.b.c", `${hmacToken(head, claims)}=`]) {
      expect(signer.verify(token, NOW_MS)).toBeNull();
    }
  });

  it("is only verified where there is only a public key", () => {
    const [publicKey] = RSA;
    const verifier = signerOf(["sign-method=RS256", publicKey]);
    const token = signerOf(["sign-method=RS256", ...RSA]).sign("a", 1, NOW_MS) ?? "";
    expect(verifier.verify(token, NOW_MS)).toMatchObject({ user: "a" });
    expect(verifier.sign("a", 1, NOW_MS)).toBeNull();
  });
});

it("options that make no sense are refused in a sentence", () => {
  expect(why()).toContain('unknown sign-method ""');
  expect(why("sign-method=none")).toContain('unknown sign-method "none"');
  expect(why("sign-method=RS256")).toContain("neither pub-key nor priv-key");
  expect(why("sign-method=HS256")).toContain("priv-key is missing");
  expect(why("sign-method=RS256", ...EC256)).toContain("the key is no rsa key");
  expect(why("sign-method=ES256", ...EC384)).toContain("secp384r1, not on prime256v1");
  expect(why("sign-method=RS256", RSA[0], EC256[1])).toContain("do not match");
  expect(why("sign-method=RS256", "priv-key=/nowhere")).toContain("ENOENT");
  expect(why("sign-method=RS256", ...RSA, "ttl=soon")).toContain('"soon" is no duration');
  expect(why("sign-method=RS256", "sign-method=RS256")).toContain("given twice");
  expect(why("sign-method")).toContain("is not name=value");
  expect(why("nonsense=1")).toContain("unknown option nonsense");
});

function why(...options: readonly string[]): string {
  const created = createSigner(options);
  return created.ok ? "" : created.error;
}

function hmacToken(head: object, claims: object): string {
  const signed = `${part(head)}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", "a secret").update(signed).digest("base64url")}`;
}

function signerOf(options: readonly string[]): TokenSigner {
  const created = createSigner(options);
  if (!created.ok) throw new Error(created.error);
  return created.value;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

type Pair = Readonly<{ publicKey: KeyObject; privateKey: KeyObject }>;

function filesOf(name: string, { publicKey, privateKey }: Pair): readonly [string, string] {
  const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return [
    `pub-key=${fileOf(`${name}.pub`, publicPem(publicKey))}`,
    `priv-key=${fileOf(`${name}.key`, secret)}`,
  ];
}

function publicPem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
