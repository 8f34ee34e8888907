// Simple tokens: who showed the right password lately, and who a call is from.
//
// Every member hears of every token, for it is made by an entry of the log, but each keeps its own
// time, and none outlives a restart: then the client shows its password again. As in etcd.

import type { Bytes, Index, Millis, Result } from "../contract.ts";
import { ERRORS } from "../api/errors.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, entries, get, remove, set } from "../lib/ordered-map.ts";
import type { Auth } from "./store.ts";

export type Tokens = Readonly<{
  byText: OrderedMap<string, Token>;
  sweptAt: Millis;
}>;
type Token = Readonly<{ user: Bytes; until: Millis }>;

/** What an applied entry did to tokens. */
export type TokenChange = Readonly<
  | { kind: "assigned"; token: string; user: Bytes }
  | { kind: "revoked"; user: Bytes }
  | { kind: "cleared" }
>;

/** Who asks, and the revision of the auth store under which it was let in: 0 is nobody. */
export type Caller = Readonly<{ user: Bytes; revision: number }>;
export const NO_CALLER: Caller = { user: "" as Bytes, revision: 0 };

/** What a signed token says, once its signature was found to be right. */
export type Claims = Readonly<{ user: Bytes; revision: number; until: Millis }>;
/** Whose certificate the client has, where it shows no token and the server takes its word. */
export type Certified = Readonly<{ commonName: Bytes }>;

/** "": none. */
export type Credential = string | Claims | Certified;

/** etcd looks as often for tokens that have run out. */
const SWEEP_MS = 1000;

export function createTokens(now: Millis): Tokens {
  return { byText: createOrderedMap(), sweptAt: now };
}

export function changeTokens(tokens: Tokens, change: TokenChange, until: Millis): Tokens {
  switch (change.kind) {
    case "assigned": {
      const { token, user } = change;
      return { ...tokens, byText: set(tokens.byText, token, { user, until }) };
    }
    case "revoked":
      return without(tokens, (token) => token.user === change.user);
    case "cleared":
      return { ...tokens, byText: createOrderedMap() };
  }
}

/** What a client shows counts before what its certificate says, right or wrong, as in etcd. */
export function credentialOf(shown: string | Claims, commonName: Bytes): Credential {
  return shown === "" && commonName !== "" ? { commonName } : shown;
}

/** Who asks. While auth is off nobody is asked who they are. */
export function identify(
  auth: Auth,
  tokens: Tokens,
  token: Credential,
  now: Millis,
): Result<Caller> {
  if (!auth.enabled || token === "") return { ok: true, value: NO_CALLER };
  if (typeof token === "object" && "commonName" in token) {
    return { ok: true, value: { user: token.commonName, revision: auth.revision } };
  }
  const known = typeof token === "string" ? get(tokens.byText, token) : token;
  if (known === null || now >= known.until) return { ok: false, error: ERRORS.InvalidAuthToken };
  const revision = typeof token === "string" ? auth.revision : token.revision;
  return { ok: true, value: { user: known.user, revision } };
}

/** A token lives on while it is used. To the second: not every use is worth a change. */
export function useToken(tokens: Tokens, text: string, until: Millis): Tokens {
  const token = get(tokens.byText, text);
  if (token === null || until - token.until < SWEEP_MS) return tokens;
  return { ...tokens, byText: set(tokens.byText, text, { ...token, until }) };
}

export function sweepTokens(tokens: Tokens, now: Millis): Tokens {
  if (now - tokens.sweptAt < SWEEP_MS) return tokens;
  return { ...without(tokens, (token) => now >= token.until), sweptAt: now };
}

/** The entry that made a token. Null: this is no simple token. */
export function entryOfToken(token: string): Index | null {
  const [, digits] = /^[^.]*\.(\d{1,15})$/.exec(token) ?? [];
  return digits === undefined ? null : (Number(digits) as Index);
}

function without(tokens: Tokens, isGone: (token: Token) => boolean): Tokens {
  let { byText } = tokens;
  for (const [text, token] of entries(tokens.byText)) {
    if (isGone(token)) byText = remove(byText, text);
  }
  return byText === tokens.byText ? tokens : { ...tokens, byText };
}
