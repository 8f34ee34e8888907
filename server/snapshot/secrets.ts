// What etcdctl's flags of TLS say, for whoever asks a member: a URL, and the secrets to call it
// with.

import { readFileSync } from "node:fs";
import type { Result } from "../../core/contract.ts";
import type { ClientSecrets } from "../../net/socket/client.ts";

export const SECRET_OPTIONS = {
  cacert: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  "insecure-skip-tls-verify": { type: "boolean", default: false },
} as const;

export type Way = Readonly<{ url: string; secrets: ClientSecrets }>;

/** `given`: by flags; what is not may be in etcdctl's variables. An endpoint that does not say how
 *  it is spoken to is spoken to over TLS when there are secrets for that. */
export function wayTo(
  endpoint: string,
  given: Readonly<Record<string, string | boolean | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): Result<Way, string> {
  const pathOf = (name: "cacert" | "cert" | "key"): string =>
    String(given[name] ?? environment[`ETCDCTL_${name.toUpperCase()}`] ?? "");
  const [ca, certificate, key] = [pathOf("cacert"), pathOf("cert"), pathOf("key")];
  if ((certificate === "") !== (key === "")) {
    const reason = `KeyFile and CertFile must both be present[key: ${key}, cert: ${certificate}]`;
    return { ok: false, error: reason };
  }
  const isTrusting =
    given["insecure-skip-tls-verify"] === true ||
    environment["ETCDCTL_INSECURE_SKIP_TLS_VERIFY"] === "true";
  const isSecure = ca !== "" || certificate !== "" || isTrusting;
  const url = isSecure && !/^(\w+:\/\/|unixs?:)/.test(endpoint) ? `https://${endpoint}` : endpoint;
  try {
    const secrets = { ca: read(ca), certificate: read(certificate), key: read(key), isTrusting };
    return { ok: true, value: { url, secrets } };
  } catch (error) {
    return { ok: false, error: (error as Error).message };
  }
}

function read(path: string): Buffer | null {
  return path === "" ? null : readFileSync(path);
}
