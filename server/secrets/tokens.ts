// What --auth-token says, in the hands of the driver: whether tokens are signed, and then how a
// token becomes what it says, and a user a token.

import { ERRORS } from "../../core/api/errors.ts";
import type { Claims } from "../../core/auth/tokens.ts";
import type { Bytes, Millis, Result } from "../../core/contract.ts";
import { EMPTY, fromText, toBytes } from "../../core/lib/bytes.ts";
import type { Clock } from "../clock.ts";
import { createSigner } from "./jwt.ts";
import type { TokenSigner } from "./jwt.ts";
import type { Sign } from "./passwords.ts";

export type Tokens = Readonly<{
  /** Null: tokens are simple, and made by the log. */
  sign: Sign | null;
  /** What a client shows, as the core takes it. */
  read: (token: string) => string | Claims;
}>;

const SIMPLE: Tokens = { sign: null, read: (token) => token };

/** An error is a sentence for the operator. */
export function createTokens(flag: string, clock: Clock): Result<Tokens, string> {
  const [kind, ...options] = flag.split(",");
  if (kind === "simple") return { ok: true, value: SIMPLE };
  if (kind !== "jwt") return { ok: false, error: `--auth-token=${flag}: expected simple or jwt,…` };
  const signer = createSigner(options);
  return signer.ok ? { ok: true, value: signedTokens(signer.value, clock) } : signer;
}

function signedTokens(signer: TokenSigner, clock: Clock): Tokens {
  return {
    sign: (user, revision) => {
      const token = signer.sign(textOf(user), revision, Date.now());
      if (token === null) return { kind: "refused", error: ERRORS.VerifyOnly };
      return { kind: "right", prefix: EMPTY, token };
    },
    read: (token) => {
      const signed = token === "" ? null : signer.verify(token, Date.now());
      if (signed === null) return token;
      const left = Math.min(signed.untilMs - Date.now(), Number.MAX_SAFE_INTEGER / 2);
      const until = Math.floor(clock.now() + left) as Millis;
      return { user: fromText(signed.user), revision: signed.revision, until };
    },
  };
}

function textOf(name: Bytes): string {
  return Buffer.from(toBytes(name)).toString("utf8");
}
