// Certificates and keys in files. They are read at the start, where one that is not good ends it,
// and again whenever they have changed, where one that is not good leaves the last one in use.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { SecureContextOptions } from "node:tls";
import { nodeTls } from "../../net/socket/tls/node-tls.ts";
import { OperatorError } from "../causes.ts";
import type { File } from "./sides.ts";

export type Pair = Readonly<{ certificate: File; key: File }>;

/** Of what OpenSSL is told besides: nothing of it changes. */
export type Common = Pick<
  SecureContextOptions,
  "ca" | "ciphers" | "honorCipherOrder" | "minVersion" | "maxVersion"
>;

export class CertificateFiles {
  readonly #pair: Pair;
  readonly #common: Common;
  readonly #onBad: (pair: Pair, reason: string) => void;
  #stamp: string;
  #secrets: SecureContextOptions;

  /** Throws what the operator has to mend. `onBad`: later, the same. */
  constructor(pair: Pair, common: Common, onBad: (pair: Pair, reason: string) => void) {
    this.#pair = pair;
    this.#common = common;
    this.#onBad = onBad;
    this.#stamp = stampOf(pair);
    this.#secrets = this.#read(true);
  }

  /** What the files say now: the same object as long as they have not changed. */
  get secrets(): SecureContextOptions {
    const stamp = stampOf(this.#pair);
    if (stamp === this.#stamp) return this.#secrets;
    this.#stamp = stamp;
    try {
      this.#secrets = this.#read(false);
    } catch (error) {
      this.#onBad(this.#pair, (error as Error).message);
    }
    return this.#secrets;
  }

  /** Time may have run out for what was good at the start: those who call see that themselves. */
  #read(mustBeValidNow: boolean): SecureContextOptions {
    const { certificate, key } = this.#pair;
    const cert = readText(certificate);
    const shown = parsed(certificate, () => new X509Certificate(cert));
    const secret = readText(key);
    const own = parsed(key, () => createPrivateKey(secret));
    if (mustBeValidNow) checkTime(certificate, shown);
    if (!shown.checkPrivateKey(own)) {
      throw bad(key, `tls: private key does not match public key of ${certificate.path}`);
    }
    const secrets = { ...this.#common, cert, key: secret };
    parsed(certificate, () => nodeTls().createSecureContext(secrets));
    return secrets;
  }
}

/** The certificates that are believed, which may be many in one file. */
export function readAuthorities(file: File): string {
  const text = readText(file);
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw bad(file, "it holds no certificate in PEM");
  for (const each of found) parsed(file, () => new X509Certificate(each));
  return text;
}

export function bad({ flag, path }: File, reason: string): OperatorError {
  return new OperatorError({ kind: "certificate", flag, path, reason });
}

function checkTime(file: File, { validFromDate, validToDate }: X509Certificate): void {
  const now = new Date();
  if (now > validToDate) {
    throw bad(file, `the certificate has expired at ${validToDate.toISOString()}`);
  }
  if (now < validFromDate) {
    throw bad(file, `the certificate is not valid before ${validFromDate.toISOString()}`);
  }
}

function readText(file: File): string {
  try {
    return readFileSync(file.path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw bad(file, code === "ENOENT" ? "there is no such file" : (error as Error).message);
  }
}

function parsed<T>(file: File, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw bad(file, whyUnreadable(error as NodeJS.ErrnoException));
  }
}

/** OpenSSL's words say where it stopped, not what is wrong. */
function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ERR_OSSL_PEM_NO_START_LINE" || code === "ERR_OSSL_UNSUPPORTED") {
    return "tls: failed to find any PEM data in it";
  }
  if (code === "ERR_MISSING_PASSPHRASE")
    return "the key is encrypted: a server cannot ask for the words";
  return `it cannot be read as PEM (${message})`;
}

/** Changes when a file does. A file that is missing is a change as well. */
function stampOf({ certificate, key }: Pair): string {
  return `${stampOfFile(certificate)} ${stampOfFile(key)}`;
}

export function stampOfFile({ path }: File): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? "none" : `${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}
