// Who may speak with a member, and how both sides prove who they are: etcd's groups "Security" and
// "Auth". Whoever asks for security gets it, or no member: nothing here is ever only accepted.

import { booleanFlag, flag, promoted, type TableOf, textFlag } from "./flag.ts";
import { oneOf, parseCost, parseCountOr, parseList, parseUnsigned } from "./values.ts";

export type SecurityFlags = Readonly<{
  "cert-file": string;
  "key-file": string;
  "client-cert-auth": boolean;
  "client-cert-file": string;
  "client-key-file": string;
  "client-crl-file": string;
  "client-cert-allowed-hostname": string;
  "trusted-ca-file": string;
  "auto-tls": boolean;
  "peer-cert-file": string;
  "peer-key-file": string;
  "peer-client-cert-auth": boolean;
  "peer-client-cert-file": string;
  "peer-client-key-file": string;
  "peer-trusted-ca-file": string;
  "peer-cert-allowed-cn": string;
  "peer-cert-allowed-hostname": string;
  "peer-auto-tls": boolean;
  "peer-crl-file": string;
  "peer-skip-client-san-verification": boolean;
  "self-signed-cert-validity": number;
  "cipher-suites": readonly string[];
  "tls-min-version": "TLS1.2" | "TLS1.3";
  "tls-max-version": "" | "TLS1.2" | "TLS1.3";
  cors: readonly string[];
  "host-whitelist": readonly string[];
}>;

export const SECURITY: TableOf<SecurityFlags> = {
  "cert-file": textFlag("", "Certificate file for clients."),
  "key-file": textFlag("", "Key file of that certificate."),
  "client-cert-auth": booleanFlag("false", "Demand a certificate from clients."),
  "client-cert-file": textFlag("", "Certificate file for calls of the server to itself."),
  "client-key-file": textFlag("", "Key file of that certificate."),
  "client-crl-file": textFlag("", "List of clients' certificates that are revoked."),
  "client-cert-allowed-hostname": textFlag("", "Names, one of which a client's has."),
  "trusted-ca-file": textFlag("", "CA file to verify clients with."),
  "auto-tls": booleanFlag("false", "Serve clients with a certificate made at the start."),
  "peer-cert-file": textFlag("", "Certificate file for the other members."),
  "peer-key-file": textFlag("", "Key file of that certificate."),
  "peer-client-cert-auth": booleanFlag("false", "Demand a certificate from members."),
  "peer-client-cert-file": textFlag("", "Certificate file to present to members."),
  "peer-client-key-file": textFlag("", "Key file of that certificate."),
  "peer-trusted-ca-file": textFlag("", "CA file to verify members with."),
  "peer-cert-allowed-cn": textFlag("", "Common names, one of which a member's has."),
  "peer-cert-allowed-hostname": textFlag("", "Names, one of which a member's has."),
  "peer-auto-tls": booleanFlag("false", "Speak TLS with members, with a certificate made."),
  "peer-crl-file": textFlag("", "List of members' certificates that are revoked."),
  "peer-skip-client-san-verification": promoted(
    "peer-skip-client-san-verification",
    booleanFlag("false", "Do not compare a member's address with its certificate."),
  ),
  "self-signed-cert-validity": flag("1", parseUnsigned, "Years that made ones are valid."),
  "cipher-suites": flag("", parseList, "Cipher suites, in Go's names (default: Node's)."),
  "tls-min-version": flag("TLS1.2", oneOf(["TLS1.2", "TLS1.3"]), "Lowest version of TLS."),
  "tls-max-version": flag(
    "",
    oneOf(["", "TLS1.2", "TLS1.3"]),
    "Highest version of TLS (default: Node's).",
  ),
  cors: flag("*", parseList, "Origins whose pages may call the JSON gateway."),
  "host-whitelist": flag("*", parseList, "Host names that plain HTTP answers to."),
};

export type AuthFlags = Readonly<{
  "auth-token": string;
  "bcrypt-cost": number;
  "auth-token-ttl": number;
}>;

export const AUTH: TableOf<AuthFlags> = {
  "auth-token": textFlag(
    "simple",
    "'simple', or 'jwt,sign-method=…,priv-key=…,pub-key=…,ttl=…': files, and a duration.",
  ),
  "bcrypt-cost": flag("10", parseCost, "Cost of hashing a password: 4 to 31."),
  "auth-token-ttl": flag(
    "300",
    parseCountOr(300),
    "Time in seconds after which an unused simple token is forgotten.",
  ),
};
