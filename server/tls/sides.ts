// A server has two sides, one for clients and one for the other members, and flags of the same
// kind say of both what they show, whom they believe, and who may come.

import { isSecure } from "../urls.ts";

type OfBoth = Readonly<{
  "cert-file": string;
  "key-file": string;
  "client-cert-file": string;
  "client-key-file": string;
  "trusted-ca-file": string;
  "client-crl-file": string;
  "client-cert-allowed-hostname": string;
  "client-cert-auth": boolean;
  "auto-tls": boolean;
  "peer-cert-file": string;
  "peer-key-file": string;
  "peer-client-cert-file": string;
  "peer-client-key-file": string;
  "peer-trusted-ca-file": string;
  "peer-crl-file": string;
  "peer-cert-allowed-hostname": string;
  "peer-cert-allowed-cn": string;
  "peer-client-cert-auth": boolean;
  "peer-auto-tls": boolean;
  "peer-skip-client-san-verification": boolean;
}>;

export type TlsFlags = OfBoth &
  Readonly<{
    "data-dir": string;
    "listen-client-urls": readonly string[];
    "listen-client-http-urls": readonly string[];
    "listen-metrics-urls": readonly string[];
    "listen-peer-urls": readonly string[];
    "self-signed-cert-validity": number;
    "cipher-suites": readonly string[];
    "tls-min-version": "TLS1.2" | "TLS1.3";
    "tls-max-version": "" | "TLS1.2" | "TLS1.3";
  }>;

/** Nothing is asked for. */
export const NO_TLS: Omit<TlsFlags, "data-dir" | "listen-client-urls" | "listen-peer-urls"> = {
  "listen-client-http-urls": [],
  "listen-metrics-urls": [],
  "cert-file": "",
  "key-file": "",
  "client-cert-file": "",
  "client-key-file": "",
  "trusted-ca-file": "",
  "client-crl-file": "",
  "client-cert-allowed-hostname": "",
  "client-cert-auth": false,
  "auto-tls": false,
  "peer-cert-file": "",
  "peer-key-file": "",
  "peer-client-cert-file": "",
  "peer-client-key-file": "",
  "peer-trusted-ca-file": "",
  "peer-crl-file": "",
  "peer-cert-allowed-hostname": "",
  "peer-cert-allowed-cn": "",
  "peer-client-cert-auth": false,
  "peer-auto-tls": false,
  "peer-skip-client-san-verification": false,
  "self-signed-cert-validity": 1,
  "cipher-suites": [],
  "tls-min-version": "TLS1.2",
  "tls-max-version": "",
};

/** What is "" was not given. The names of flags are for whoever gave them. */
export type Side = Readonly<{
  name: "client" | "peer";
  urls: readonly string[];
  urlsFlag: string;
  certificate: File; // shown to those who come
  key: File;
  ownCertificate: File; // shown to those who are called
  ownKey: File;
  ca: File;
  revoked: File;
  asksForCertificates: boolean;
  namesAllowed: readonly string[]; // common names; none: all
  hostsAllowed: readonly string[];
  comparesAddress: boolean; // with those in the certificate of whoever comes
  makesItsOwn: boolean;
}>;

export type File = Readonly<{ flag: string; path: string }>;

export function sidesOf(flags: TlsFlags): Readonly<{ client: Side; peer: Side }> {
  const client = sideOf(flags, {
    name: "client",
    certificate: "cert-file",
    key: "key-file",
    ownCertificate: "client-cert-file",
    ownKey: "client-key-file",
    ca: "trusted-ca-file",
    revoked: "client-crl-file",
    asks: "client-cert-auth",
    makesItsOwn: "auto-tls",
    hosts: "client-cert-allowed-hostname",
  });
  const peer = sideOf(flags, {
    name: "peer",
    certificate: "peer-cert-file",
    key: "peer-key-file",
    ownCertificate: "peer-client-cert-file",
    ownKey: "peer-client-key-file",
    ca: "peer-trusted-ca-file",
    revoked: "peer-crl-file",
    asks: "peer-client-cert-auth",
    makesItsOwn: "peer-auto-tls",
    hosts: "peer-cert-allowed-hostname",
  });
  return {
    client: {
      ...client,
      urlsFlag: "listen-client-urls",
      urls: [
        ...flags["listen-client-urls"],
        ...flags["listen-client-http-urls"],
        ...flags["listen-metrics-urls"],
      ],
    },
    peer: {
      ...peer,
      urlsFlag: "listen-peer-urls",
      urls: flags["listen-peer-urls"],
      namesAllowed: listed(flags["peer-cert-allowed-cn"]),
      comparesAddress: !flags["peer-skip-client-san-verification"],
    },
  };
}

/** Whether any flag asks for TLS on this side. */
export function wantsTls(side: Side): boolean {
  const isGiven = [side.certificate, side.key, side.revoked].some(({ path }) => path !== "");
  const isNarrow = side.hostsAllowed.length > 0 || side.namesAllowed.length > 0;
  return isGiven || isNarrow || side.asksForCertificates || side.makesItsOwn;
}

export function hasSecureUrl({ urls }: Side): boolean {
  return urls.some((url) => isSecure(url));
}

type Names = Readonly<{
  name: Side["name"];
  certificate: FileFlag;
  key: FileFlag;
  ownCertificate: FileFlag;
  ownKey: FileFlag;
  ca: FileFlag;
  revoked: FileFlag;
  asks: "client-cert-auth" | "peer-client-cert-auth";
  makesItsOwn: "auto-tls" | "peer-auto-tls";
  hosts: FileFlag;
}>;
type FileFlag = {
  [Name in keyof OfBoth]: OfBoth[Name] extends string ? Name : never;
}[keyof OfBoth];

function sideOf(flags: TlsFlags, names: Names): Omit<Side, "urls" | "urlsFlag"> {
  const fileOf = (flag: FileFlag): File => ({ flag, path: flags[flag] });
  const ca = fileOf(names.ca);
  return {
    name: names.name,
    certificate: fileOf(names.certificate),
    key: fileOf(names.key),
    ownCertificate: fileOf(names.ownCertificate),
    ownKey: fileOf(names.ownKey),
    ca,
    revoked: fileOf(names.revoked),
    asksForCertificates: ca.path !== "" || flags[names.asks],
    namesAllowed: [],
    hostsAllowed: listed(flags[names.hosts]),
    comparesAddress: false,
    makesItsOwn: flags[names.makesItsOwn],
  };
}

function listed(text: string): readonly string[] {
  return text.split(",").filter((item) => item !== "");
}
