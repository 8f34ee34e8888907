// Which lists of header fields are a request, and which are trailers (RFC 9113 §8.1, §8.3).

import type { Field, Role } from "./hpack/header-field.ts";

const PATH = 1;
const SCHEME = 2;
const METHOD = 4;
const AUTHORITY = 8;
const BIT: Readonly<Record<Role, number>> = {
  path: PATH,
  scheme: SCHEME,
  method: METHOD,
  authority: AUTHORITY,
  regular: 0,
  forbidden: 0,
};

/** What a pseudo-header says is not judged: clients of etcd put whole URLs into :authority. */
export function isRequest(fields: readonly Field[]): boolean {
  let seen = 0;
  let regular = false;
  for (const { role } of fields) {
    if (role === "forbidden") return false;
    if (role === "regular") {
      regular = true;
      continue;
    }
    const bit = BIT[role];
    if (regular || (seen & bit) !== 0) return false;
    seen |= bit;
  }
  return (seen & ~AUTHORITY) === (PATH | SCHEME | METHOD);
}

export function isTrailers(fields: readonly Field[]): boolean {
  return fields.every(({ role }) => role === "regular");
}
