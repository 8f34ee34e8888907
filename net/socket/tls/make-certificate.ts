// Certificates made here: of a member that was told to make its own, and for tests, also those that
// no CA would sign. The library that knows their form is loaded when one is made.

import { randomBytes, webcrypto } from "node:crypto";
import { isIPv4, isIP } from "node:net";
import type * as Asn1 from "asn1js";
import type * as Pki from "pkijs";

export type Wish = Readonly<{
  organization: string; // "": none
  commonName: string; // "": none
  hosts: readonly string[]; // names and addresses
  from: Date;
  until: Date;
  signsOthers: boolean;
  uses: readonly ("server" | "client")[]; // none: all
  issuer: Made | null; // null: it signs itself
}>;

export type Made = Readonly<{
  certificate: string; // PEM
  key: string; // PEM, PKCS #8
  serial: Uint8Array;
}>;

const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";
const KEY_USAGE = "2.5.29.15";
const ALTERNATIVE_NAMES = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const PURPOSE = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" } as const;
const DNS = 2; // kinds of alternative names
const IP = 7;
const DIGITAL_SIGNATURE = 0x80; // uses of a key
const SIGNS_CERTIFICATES_AND_LISTS = 0x06;
const SERIAL_BYTES = 16;

type Libraries = Readonly<{ asn1: typeof Asn1; pki: typeof Pki }>;

export async function makeCertificate(wish: Wish): Promise<Made> {
  const libraries = await load();
  const { asn1, pki } = libraries;
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const certificate = new pki.Certificate();
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40; // positive, and of this length
  certificate.version = 2; // X.509 v3
  certificate.serialNumber = new asn1.Integer({ valueHex: exact(serial) });
  certificate.notBefore.value = wish.from;
  certificate.notAfter.value = wish.until;
  name(certificate.subject, wish, libraries);
  certificate.extensions = extensionsOf(wish, libraries);
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  const issuer = wish.issuer === null ? null : await signerOf(wish.issuer, libraries);
  if (issuer === null) name(certificate.issuer, wish, libraries);
  else certificate.issuer = issuer.subject;
  await certificate.sign(issuer === null ? keys.privateKey : issuer.key, "SHA-256");
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: pemOf("CERTIFICATE", certificate.toSchema(true).toBER(false)),
    key: pemOf("PRIVATE KEY", key),
    serial,
  };
}

/** In DER, as `openssl crl` makes it. */
export async function makeRevocationList(
  issuer: Made,
  revoked: readonly Made[],
): Promise<Uint8Array> {
  const libraries = await load();
  const { asn1, pki } = libraries;
  const signer = await signerOf(issuer, libraries);
  const list = new pki.CertificateRevocationList();
  const now = new Date();
  list.version = 1;
  list.issuer = signer.subject;
  list.thisUpdate = new pki.Time({ type: 0, value: now });
  list.revokedCertificates = revoked.map(
    ({ serial }) =>
      new pki.RevokedCertificate({
        userCertificate: new asn1.Integer({ valueHex: exact(serial) }),
        revocationDate: new pki.Time({ type: 0, value: now }),
      }),
  );
  await list.sign(signer.key, "SHA-256");
  return new Uint8Array(list.toSchema(true).toBER(false));
}

async function load(): Promise<Libraries> {
  const [asn1, pki] = await Promise.all([import("asn1js"), import("pkijs")]);
  return { asn1, pki };
}

async function signerOf({ certificate, key }: Made, { pki }: Libraries) {
  const { subject } = pki.Certificate.fromBER(derOf(certificate));
  const signing = await webcrypto.subtle.importKey("pkcs8", derOf(key), CURVE, false, ["sign"]);
  return { subject, key: signing };
}

function name(to: Pki.RelativeDistinguishedNames, wish: Wish, { asn1, pki }: Libraries): void {
  const parts = [
    [ORGANIZATION, wish.organization],
    [COMMON_NAME, wish.commonName],
  ] as const;
  for (const [type, value] of parts) {
    if (value === "") continue;
    const text = new asn1.Utf8String({ value });
    to.typesAndValues.push(new pki.AttributeTypeAndValue({ type, value: text }));
  }
}

function extensionsOf(wish: Wish, { asn1, pki }: Libraries): Pki.Extension[] {
  const { signsOthers, hosts, uses } = wish;
  const extension = (extnID: string, critical: boolean, value: Asn1.BaseBlock): Pki.Extension =>
    new pki.Extension({ extnID, critical, extnValue: value.toBER(false) });
  const usage = DIGITAL_SIGNATURE | (signsOthers ? SIGNS_CERTIFICATES_AND_LISTS : 0);
  const constraints = new pki.BasicConstraints({ cA: signsOthers }).toSchema();
  const bits = new asn1.BitString({ valueHex: exact(Uint8Array.of(usage)), unusedBits: 1 });
  const found = [extension(BASIC_CONSTRAINTS, true, constraints), extension(KEY_USAGE, true, bits)];
  if (uses.length > 0) {
    const keyPurposes = uses.map((use) => PURPOSE[use]);
    found.push(
      extension(EXTENDED_KEY_USAGE, false, new pki.ExtKeyUsage({ keyPurposes }).toSchema()),
    );
  }
  if (hosts.length > 0) {
    const altNames = hosts.map((host) =>
      isIP(host) === 0
        ? new pki.GeneralName({ type: DNS, value: host })
        : new pki.GeneralName({ type: IP, value: addressBlock(host, asn1) }),
    );
    found.push(extension(ALTERNATIVE_NAMES, false, new pki.AltName({ altNames }).toSchema()));
  }
  return found;
}

function addressBlock(ip: string, asn1: typeof Asn1): Asn1.OctetString {
  return new asn1.OctetString({ valueHex: exact(isIPv4(ip) ? ipv4Of(ip) : ipv6Of(ip)) });
}

function ipv4Of(ip: string): Uint8Array {
  return Uint8Array.from(ip.split("."), Number);
}

/** "::" stands for as many zeros as are missing. */
function ipv6Of(ip: string): Uint8Array {
  const [head = [], tail = []] = ip.split("::").map(groupsOf);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function groupsOf(text: string): string[] {
  return text.split(":").filter((group) => group !== "");
}

/** A buffer that holds these bytes and no others. */
function exact(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function derOf(pem: string): ArrayBuffer {
  return exact(Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64"));
}

function pemOf(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
