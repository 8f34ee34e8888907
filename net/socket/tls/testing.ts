// For tests: a CA of their own, and what it signs.

import { makeCertificate } from "./make-certificate.ts";
import type { Made, Wish } from "./make-certificate.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

export function makeCa(commonName: string): Promise<Made> {
  return makeCertificate(wishFor({ commonName, signsOthers: true, issuer: null }));
}

/** Of this machine, for both ends of a connection, for a day: unless something else is wished. */
export function issue(issuer: Made, wish: Partial<Wish>): Promise<Made> {
  return makeCertificate(wishFor({ hosts: ["localhost", "127.0.0.1"], ...wish, issuer }));
}

function wishFor(wish: Partial<Wish>): Wish {
  return {
    organization: "",
    commonName: "",
    hosts: [],
    from: new Date(Date.now() - DAY_MS),
    until: new Date(Date.now() + DAY_MS),
    signsOthers: false,
    uses: [],
    issuer: null,
    ...wish,
  };
}
