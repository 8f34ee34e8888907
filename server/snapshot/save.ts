// `detcd snapshot save`: a snapshot of one member, in a file. It has its name only when all of it
// is there and on disk.

import * as fs from "node:fs";
import { dirname } from "node:path";
import type { Result } from "../../core/contract.ts";
import { fromText } from "../../core/lib/bytes.ts";
import { createEtcdClient, type EtcdClient } from "../../net/socket/client.ts";
import { syncDirectory } from "../storage/durable-file.ts";
import type { Way } from "./secrets.ts";
import { hasDigest } from "./snapshot-file.ts";

export type User = Readonly<{ name: string; password: string }>;

const AUTHENTICATE_MS = 10_000; // checking a password is slow on purpose

/** The version of the member's storage. An error is a sentence, and leaves nothing behind. */
export async function saveSnapshot(
  { url: endpoint, secrets }: Way,
  path: string,
  user: User | null,
): Promise<Result<string, string>> {
  const client = createEtcdClient(endpoint, secrets);
  const part = `${path}.part`;
  try {
    const token = user === null ? ok("") : await authenticate(client, user);
    if (!token.ok) return failed(`${endpoint} gave no snapshot: ${token.error.message}`);
    const file = fs.openSync(part, "w", 0o600);
    try {
      let size = 0;
      let version = "";
      for await (const piece of client.snapshot(token.value)) {
        if (!piece.ok) return failed(`${endpoint} gave no snapshot: ${piece.error.message}`);
        writeAll(file, piece.value.blob);
        size += piece.value.blob.length;
        ({ version } = piece.value);
      }
      if (!hasDigest(size)) return failed(`sha256 checksum not found [bytes: ${size}]`);
      fs.fsyncSync(file);
      fs.renameSync(part, path);
      syncDirectory(dirname(path));
      return ok(version);
    } finally {
      fs.closeSync(file);
    }
  } catch (error) {
    return failed(`could not save to ${path}: ${(error as Error).message}`);
  } finally {
    client.close();
    fs.rmSync(part, { force: true });
  }
}

async function authenticate(client: EtcdClient, user: User): Promise<Result<string>> {
  const name = fromText(user.name);
  const request = { kind: "authenticate", name, password: user.password } as const;
  const answer = await client.call(request, AUTHENTICATE_MS);
  if (!answer.ok) return answer;
  return ok(answer.value.kind === "authenticate" ? answer.value.token : "");
}

/** A write may stop short on a nearly full disk; then the next one says why. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(file, bytes, at);
}

function ok(value: string): Readonly<{ ok: true; value: string }> {
  return { ok: true, value };
}

function failed(error: string): Result<never, string> {
  return { ok: false, error };
}
