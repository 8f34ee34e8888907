// Calls to others, by URL: on ports and on files, in the clear and over TLS. What is written before
// the other side has answered waits for it.

import { X509Certificate } from "node:crypto";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { addressOf, placeOf } from "./address.ts";
import { nodeTls } from "./tls/node-tls.ts";

export type Dial = (url: string) => Socket;

export type DialTerms = Readonly<{
  /** What this side shows, and whom it believes; asked at every call. */
  secrets: () => SecureContextOptions;
  /** Whoever answers is believed to be who was called. */
  isTrusting: boolean;
  /** Why the certificate of whoever answers is not good enough, valid as it is. Null: it is. */
  objectionTo: (certificate: X509Certificate) => string | null;
}>;

export const STRANGERS: DialTerms = {
  secrets: () => ({}),
  isTrusting: false,
  objectionTo: () => null,
};

export function createDial({ secrets, isTrusting, objectionTo }: DialTerms): Dial {
  return (url) => {
    const address = addressOf(url);
    if (!address.isSecure) return connect({ ...placeOf(address), noDelay: true });
    const { checkServerIdentity, connect: connectSecurely } = nodeTls();
    const socket = connectSecurely({
      ...secrets(),
      ...placeOf(address),
      rejectUnauthorized: !isTrusting,
      checkServerIdentity: (host, certificate) => {
        const stranger = checkServerIdentity(host, certificate);
        if (stranger !== undefined) return stranger;
        const objection = objectionTo(new X509Certificate(certificate.raw));
        return objection === null ? undefined : new Error(objection);
      },
    });
    return socket.setNoDelay(true);
  };
}
