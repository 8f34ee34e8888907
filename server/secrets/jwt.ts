// Signed tokens (JWT), as `--auth-token jwt,…` asks for them: who, under which revision of the
// users, until when. Small and strict: one algorithm, that of the flag, and one key. What a token
// says of its own algorithm is compared, never followed, so a public key is never taken for a
// secret one, and "none" is no algorithm. Source: etcd server/auth/jwt.go.

import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { readFileSync } from "node:fs";
import type { Result } from "../../core/contract.ts";
import { parseGoDuration } from "../start/flags/duration.ts";

export interface TokenSigner {
  /** Null: there is a key to verify with only. */
  readonly sign: (user: string, revision: number, nowMs: number) => string | null;
  /** Null: nobody signed this with the key, or its time is over. */
  readonly verify: (token: string, nowMs: number) => Signed | null;
}
export type Signed = Readonly<{ user: string; revision: number; untilMs: number }>;

type Method = Readonly<{
  digest: string | null; // null: the key says it
  keyType: "secret" | "rsa" | "ec" | "ed25519";
  curve: string;
  isPss: boolean;
}>;
type Keys = Readonly<
  { kind: "secret"; secret: Buffer } | { kind: "pair"; own: KeyObject | null; theirs: KeyObject }
>;

const DEFAULT_TTL_MS = 5 * 60 * 1000;
const OPTIONS = ["sign-method", "pub-key", "priv-key", "ttl"];
const CURVES: Readonly<Record<string, string>> = {
  "256": "prime256v1",
  "384": "secp384r1",
  "512": "secp521r1",
};

/** `options`: what follows "jwt" in the flag. An error is a sentence for the operator. */
export function createSigner(options: readonly string[]): Result<TokenSigner, string> {
  const read = readOptions(options);
  if (!read.ok) return read;
  const name = read.value.get("sign-method") ?? "";
  const method = methodOf(name);
  if (method === null) return refused(`unknown sign-method ${JSON.stringify(name)}`);
  const ttl = read.value.get("ttl") ?? "";
  const ttlMs = ttl === "" ? DEFAULT_TTL_MS : parseGoDuration(ttl);
  if (ttlMs === null) return refused(`${JSON.stringify(ttl)} is no duration`);
  try {
    const keys = readKeys(
      method,
      read.value.get("pub-key") ?? "",
      read.value.get("priv-key") ?? "",
    );
    if (typeof keys === "string") return refused(keys);
    return { ok: true, value: signerOf(name, method, keys, ttlMs) };
  } catch (error) {
    return refused((error as Error).message);
  }
}

function readOptions(options: readonly string[]): Result<ReadonlyMap<string, string>, string> {
  const values = new Map<string, string>();
  for (const option of options) {
    const [name = "", value, ...more] = option.split("=");
    if (value === undefined || more.length > 0) return refused(`${option} is not name=value`);
    if (!OPTIONS.includes(name)) return refused(`unknown option ${name}`);
    if (values.has(name)) return refused(`${name} is given twice`);
    values.set(name, value);
  }
  return { ok: true, value: values };
}

function methodOf(name: string): Method | null {
  if (name === "EdDSA") return { digest: null, keyType: "ed25519", curve: "", isPss: false };
  const [, family, bits = ""] = /^(RS|PS|ES|HS)(256|384|512)$/.exec(name) ?? [];
  const digest = `sha${bits}`;
  const curve = CURVES[bits] ?? "";
  switch (family) {
    case "RS":
    case "PS":
      return { digest, keyType: "rsa", curve: "", isPss: family === "PS" };
    case "ES":
      return { digest, keyType: "ec", curve, isPss: false };
    case "HS":
      return { digest, keyType: "secret", curve: "", isPss: false };
    default:
      return null;
  }
}

/** A text says what is wrong; so does an exception. */
function readKeys(method: Method, publicFile: string, privateFile: string): Keys | string {
  if (method.keyType === "secret") {
    if (privateFile === "") return "priv-key is missing";
    const secret = readFileSync(privateFile);
    return secret.length === 0 ? "priv-key is empty" : { kind: "secret", secret };
  }
  const own = privateFile === "" ? null : createPrivateKey(readFileSync(privateFile));
  const given = publicFile === "" ? null : createPublicKey(readFileSync(publicFile));
  const theirs = own === null ? given : createPublicKey(own);
  if (theirs === null) return "neither pub-key nor priv-key is given";
  if (given !== null && !given.equals(theirs)) return "pub-key and priv-key do not match";
  if (theirs.asymmetricKeyType !== method.keyType) return `the key is no ${method.keyType} key`;
  const { namedCurve = "" } = theirs.asymmetricKeyDetails ?? {};
  if (namedCurve !== method.curve) return `the key is on ${namedCurve}, not on ${method.curve}`;
  return { kind: "pair", own, theirs };
}

function signerOf(name: string, method: Method, keys: Keys, ttlMs: number): TokenSigner {
  return {
    sign: (user, revision, nowMs) => {
      const exp = Math.floor((nowMs + ttlMs) / 1000);
      const head = encode({ alg: name, typ: "JWT" });
      const signed = `${head}.${encode({ exp, revision, username: user })}`;
      const signature = signatureOf(method, keys, Buffer.from(signed));
      return signature === null ? null : `${signed}.${signature.toString("base64url")}`;
    },
    verify: (token, nowMs) => {
      const [head = "", claims = "", tail = "", ...more] = token.split(".");
      if (more.length > 0) return null;
      const header = decode(head);
      if (header?.["alg"] !== name || "crit" in header) return null;
      const signature = bytesOf(tail);
      const signed = Buffer.from(`${head}.${claims}`);
      if (signature === null || !isSignature(method, keys, signed, signature)) return null;
      return signedIn(decode(claims), nowMs);
    },
  };
}

function signatureOf(method: Method, keys: Keys, signed: Buffer): Buffer | null {
  if (keys.kind === "secret") {
    return createHmac(method.digest ?? "", keys.secret)
      .update(signed)
      .digest();
  }
  return keys.own === null ? null : sign(method.digest, signed, { key: keys.own, ...how(method) });
}

function isSignature(method: Method, keys: Keys, signed: Buffer, signature: Buffer): boolean {
  if (keys.kind === "pair") {
    return verify(method.digest, signed, { key: keys.theirs, ...how(method) }, signature);
  }
  const expected = createHmac(method.digest ?? "", keys.secret)
    .update(signed)
    .digest();
  return expected.length === signature.length && timingSafeEqual(expected, signature);
}

function how({ keyType, isPss }: Method): object {
  if (keyType === "ec") return { dsaEncoding: "ieee-p1363" };
  if (!isPss) return {};
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

/** As in etcd, a token without an end has none. */
function signedIn(claims: Record<string, unknown> | null, nowMs: number): Signed | null {
  if (claims === null) return null;
  const { username: user, revision, exp = Infinity, nbf = 0 } = claims;
  if (typeof user !== "string" || typeof revision !== "number") return null;
  if (typeof exp !== "number" || typeof nbf !== "number") return null;
  if (!Number.isSafeInteger(revision) || revision < 0) return null;
  if (nowMs >= exp * 1000 || nowMs < nbf * 1000) return null;
  return { user, revision, untilMs: exp * 1000 };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(text: string): Record<string, unknown> | null {
  const bytes = bytesOf(text);
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Node reads anything as base64: what is not written as it would write it, is none. */
function bytesOf(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : null;
}

function refused(reason: string): Result<never, string> {
  return { ok: false, error: `--auth-token jwt: ${reason}` };
}
