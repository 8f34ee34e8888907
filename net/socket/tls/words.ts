// Why a handshake came to nothing, in Go's words: operators and their tools look for those.

export type Why = Readonly<{ reason: string; hungUp: boolean }>;

const STRANGER = "x509: certificate signed by unknown authority";
const UNTIMELY = "x509: certificate has expired or is not yet valid";

/** By the codes of OpenSSL's verification. */
const UNVERIFIED: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: STRANGER,
  UNABLE_TO_GET_ISSUER_CERT: STRANGER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: STRANGER,
  SELF_SIGNED_CERT_IN_CHAIN: STRANGER,
  DEPTH_ZERO_SELF_SIGNED_CERT: STRANGER,
  CERT_SIGNATURE_FAILURE: STRANGER,
  CERT_HAS_EXPIRED: UNTIMELY,
  CERT_NOT_YET_VALID: UNTIMELY,
  INVALID_PURPOSE: "x509: certificate specifies an incompatible key usage",
};
const NO_CERTIFICATE = "tls: client didn't provide a certificate";
const NO_CERTIFICATE_TO_OPENSSL = "peer did not return a certificate";
const ALERT = /\balert (.+)$/; // of the other side, as OpenSSL tells of it
const ALERTS: Readonly<Record<string, string>> = {
  "unknown ca": "unknown certificate authority",
  "certificate unknown": "unknown certificate",
  "certificate expired": "expired certificate",
};

/** `code`: what is wrong with a certificate, or with there being none. */
export function whyUnverified(code: unknown, hasCertificate: boolean): string {
  if (!hasCertificate) return NO_CERTIFICATE;
  return `tls: failed to verify certificate: ${UNVERIFIED[String(code)] ?? String(code)}`;
}

export function whyFailed(error: NodeJS.ErrnoException): Why {
  if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT") return { reason: "i/o timeout", hungUp: false };
  if (error.code === "ECONNRESET") return { reason: "EOF", hungUp: true };
  const { reason = error.message } = error as Readonly<{ reason?: string; message: string }>;
  if (reason === NO_CERTIFICATE_TO_OPENSSL) return { reason: NO_CERTIFICATE, hungUp: false };
  const [, alert] = ALERT.exec(reason) ?? [];
  if (alert === undefined) return { reason: `tls: ${reason}`, hungUp: false };
  return { reason: `remote error: tls: ${ALERTS[alert] ?? alert}`, hungUp: false };
}
