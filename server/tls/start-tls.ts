// TLS as flags ask for it, or why there is none.

import type { Result } from "../../core/contract.ts";
import { operatorErrorOf } from "../causes.ts";
import type { Log } from "../observe/log.ts";
import { openTls } from "./open-tls.ts";
import type { Tls } from "./open-tls.ts";
import type { TlsFlags } from "./sides.ts";
import { whyNoTls } from "./whether.ts";

/** An error is one sentence for the operator. */
export async function startTls(flags: TlsFlags, log: Log): Promise<Result<Tls, string>> {
  const reason = whyNoTls(flags);
  if (reason !== null) return { ok: false, error: reason };
  try {
    return { ok: true, value: await openTls(flags, log) };
  } catch (error) {
    const told = operatorErrorOf(error, flags["data-dir"]);
    if (told === null) throw error;
    return { ok: false, error: told.message };
  }
}
