// What flags of TLS ask for and cannot have, told before anything is listened on. Nobody who asks
// for TLS is served without it.

import type { Side, TlsFlags } from "./sides.ts";
import { hasSecureUrl, sidesOf, wantsTls } from "./sides.ts";
import { ciphersOf } from "./cipher-suites.ts";
import { isSecure } from "../urls.ts";

/** A sentence for the operator, its first words etcd's where etcd has some. Null: all is well. */
export function whyNoTls(flags: TlsFlags): string | null {
  const { client, peer } = sidesOf(flags);
  return whyNoVersions(flags) ?? whyNotServed(client, flags) ?? whyNotServed(peer, flags);
}

function whyNoVersions(flags: TlsFlags): string | null {
  const least = flags["tls-min-version"];
  const most = flags["tls-max-version"];
  if (most !== "" && least > most) {
    return `min version (${least}) is greater than max version (${most})`;
  }
  const suites = flags["cipher-suites"];
  if (least === "TLS1.3" && suites.length > 0) {
    return "cipher suites cannot be configured when only TLS1.3 is enabled";
  }
  const ciphers = ciphersOf(suites);
  return ciphers.ok ? null : ciphers.error;
}

function whyNotServed(side: Side, flags: TlsFlags): string | null {
  const { certificate, key, ownCertificate, ownKey } = side;
  if (!hasSecureUrl(side)) return wantsTls(side) ? inTheClear(side) : null;
  const isEmpty = certificate.path === "" && key.path === "";
  if (isEmpty && !side.makesItsOwn) return noCertificate(side);
  if ((certificate.path === "") !== (key.path === "")) {
    return (
      `KeyFile and CertFile must both be present[key: ${key.path}, cert: ${certificate.path}]: ` +
      `give --${certificate.flag} and --${key.flag}`
    );
  }
  if ((ownCertificate.path === "") !== (ownKey.path === "")) {
    return (
      "ClientKeyFile and ClientCertFile must both be present or both absent: " +
      `[key: ${ownKey.path}, cert: ${ownCertificate.path}]: ` +
      `give --${ownCertificate.flag} and --${ownKey.flag}`
    );
  }
  if (side.namesAllowed.length > 0 && side.hostsAllowed.length > 0) {
    return (
      "AllowedCNs and AllowedHostnames are mutually exclusive " +
      `(cns=${JSON.stringify(side.namesAllowed)}, hostnames=${JSON.stringify(side.hostsAllowed)})`
    );
  }
  if (side.makesItsOwn && flags["self-signed-cert-validity"] === 0) {
    return "selfSignedCertValidity is invalid,it should be greater than 0";
  }
  return null;
}

function noCertificate({ urls, certificate, key, name }: Side): string {
  const url = urls.find((each) => isSecure(each));
  return (
    `TLS key/cert (--${certificate.flag}, --${key.flag}) must be provided for ${name} url ${url} ` +
    "with HTTPS scheme"
  );
}

function inTheClear({ urlsFlag, urls, name }: Side): string {
  return (
    `flags ask for TLS with ${name}s, but all of --${urlsFlag} is served in the clear ` +
    `(${urls.join(",")}): write https://, or leave out the certificates`
  );
}
