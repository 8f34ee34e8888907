// From flags to what the doors of both sides and the calls to other members need.

import type { X509Certificate } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { SecureContextOptions } from "node:tls";
import { assert } from "../../core/lib/assert.ts";
import type { DialTerms } from "../../net/socket/dial.ts";
import type { DoorTerms } from "../../net/socket/tls/secure-door.ts";
import { commonNameOf, isOf } from "../../net/socket/tls/who.ts";
import type { Log } from "../observe/log.ts";
import { whyElsewhere } from "./addresses.ts";
import { CertificateFiles, readAuthorities } from "./certificate-files.ts";
import type { Common, Pair } from "./certificate-files.ts";
import { ciphersOf } from "./cipher-suites.ts";
import { createRejectionLog } from "./rejections.ts";
import { openRevoked } from "./revoked.ts";
import { selfSigned } from "./self-signed.ts";
import type { Side, TlsFlags } from "./sides.ts";
import { hasSecureUrl, sidesOf } from "./sides.ts";

export type Terms = Omit<DoorTerms, "farewell">;

export type Tls = Readonly<{
  clients: Terms | null; // null: no URL is secure
  peers: Terms | null;
  toPeers: DialTerms;
  /** The name in the certificate of a client is its user's. */
  namesCallers: boolean;
}>;

const VERSION = { "": "TLSv1.3", "TLS1.2": "TLSv1.2", "TLS1.3": "TLSv1.3" } as const;

/** Rejects with what the operator has to mend. */
export async function openTls(flags: TlsFlags, log: Log): Promise<Tls> {
  const { client, peer } = sidesOf(flags);
  const ofClients = await openSide(client, flags, log);
  const ofPeers = await openSide(peer, flags, log);
  return {
    clients: ofClients.terms,
    peers: ofPeers.terms,
    toPeers: ofPeers.calls,
    namesCallers: flags["client-cert-auth"],
  };
}

type Opened = Readonly<{ terms: Terms | null; calls: DialTerms }>;

async function openSide(side: Side, flags: TlsFlags, log: Log): Promise<Opened> {
  const common = commonOf(side, flags);
  const hasFiles = side.certificate.path !== "";
  const makesItsOwn = side.makesItsOwn && !hasFiles;
  if (side.makesItsOwn && hasFiles) log("warn", `ignoring ${side.name} auto TLS since certs given`);
  const objectionTo = (certificate: X509Certificate): string | null =>
    whyNotAllowed(certificate, side);
  const isOpen = hasSecureUrl(side);
  if (!hasFiles && !(makesItsOwn && isOpen)) {
    return { terms: null, calls: { secrets: () => common, isTrusting: false, objectionTo } };
  }
  const years = flags["self-signed-cert-validity"];
  const pair: Pair = makesItsOwn
    ? await selfSigned(side, flags["data-dir"], years, log)
    : { certificate: side.certificate, key: side.key };
  const files = new CertificateFiles(pair, common, tellBad(log));
  const own = side.ownCertificate.path === "" ? files : ownFiles(side, common, log);
  const calls = { secrets: () => own.secrets, isTrusting: makesItsOwn, objectionTo };
  if (!isOpen) return { terms: null, calls };
  tellWhatIsClear(side, log);
  log("info", `starting with ${side.name} TLS`, {
    "tls-info": shown(side, pair),
    "cipher-suites": flags["cipher-suites"],
  });
  return { terms: await termsOf(side, () => files.secrets, log), calls };
}

async function termsOf(side: Side, secrets: () => SecureContextOptions, log: Log): Promise<Terms> {
  const whyRevoked = side.revoked.path === "" ? null : await openRevoked(side.revoked);
  return {
    secrets,
    asksForCertificates: side.asksForCertificates,
    objectionTo: async ({ certificate, address }) => {
      if (certificate === null) return null;
      const elsewhere = side.comparesAddress ? await whyElsewhere(certificate, address) : null;
      return (
        whyNotAllowed(certificate, side) ?? elsewhere ?? (await whyRevoked?.(certificate)) ?? null
      );
    },
    onRejected: createRejectionLog(side.name, log, () => performance.now()),
  };
}

/** In etcd's words, on both ends of a connection. */
function whyNotAllowed(certificate: X509Certificate, side: Side): string | null {
  const { namesAllowed, hostsAllowed } = side;
  const isNamed = namesAllowed.length === 0 || namesAllowed.includes(commonNameOf(certificate));
  const isHosted =
    hostsAllowed.length === 0 || hostsAllowed.some((host) => isOf(certificate, host));
  return isNamed && isHosted ? null : "client certificate authentication failed";
}

function ownFiles({ ownCertificate, ownKey }: Side, common: Common, log: Log): CertificateFiles {
  return new CertificateFiles({ certificate: ownCertificate, key: ownKey }, common, tellBad(log));
}

function commonOf({ ca }: Side, flags: TlsFlags): Common {
  const ciphers = ciphersOf(flags["cipher-suites"]);
  assert(ciphers.ok, "flags that were accepted name cipher suites that there are");
  return {
    ...(ca.path === "" ? {} : { ca: readAuthorities(ca) }),
    ...(ciphers.value === "" ? {} : { ciphers: ciphers.value, honorCipherOrder: true }),
    minVersion: VERSION[flags["tls-min-version"]],
    maxVersion: VERSION[flags["tls-max-version"]],
  };
}

/** They are as wanted as the others, but whoever asked for TLS should know. */
function tellWhatIsClear({ urls, name, asksForCertificates }: Side, log: Log): void {
  for (const url of urls.filter((each) => /^(http|unix):/.test(each))) {
    const words = "scheme is http or unix while key and cert files are present";
    log("warn", `${words}; ignoring key and cert files`, { [`${name}-url`]: url });
    if (!asksForCertificates) continue;
    const auth = name === "client" ? "--client-cert-auth" : "--peer-client-cert-auth";
    log(
      "warn",
      `scheme is http or unix while ${auth} is enabled; ignoring client cert auth for this URL`,
      {
        [`${name}-url`]: url,
      },
    );
  }
}

function tellBad(log: Log): (pair: Pair, reason: string) => void {
  return ({ certificate, key }, error) => {
    log("warn", "failed to create peer certificate", {
      "cert-file": certificate.path,
      "key-file": key.path,
      error,
    });
  };
}

function shown(side: Side, { certificate, key }: Pair): string {
  return (
    `cert = ${certificate.path}, key = ${key.path}, client-cert=${side.ownCertificate.path}, ` +
    `client-key=${side.ownKey.path}, trusted-ca = ${side.ca.path}, ` +
    `client-cert-auth = ${side.asksForCertificates}, crl-file = ${side.revoked.path}`
  );
}
