// Two processes and one data directory, from two network namespaces, as two containers have them
// that share a volume.

import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { lockDirectory } from "./lock.ts";
import {
  cleanUp,
  flagsOf,
  HAS_NAMESPACES,
  MemberProcess,
  type MemberPlan,
  planMembers,
  runToEnd,
  startMember,
} from "../live/testing.ts";

const ELSEWHERE = ["unshare", "--net"];
const skipReason = HAS_NAMESPACES ? "" : " (skipped: unshare --net is not permitted here)";

afterAll(cleanUp);

describe("the lock of a directory", () => {
  it("is held by one, tells by whom, and is free when it is released", () => {
    const directory = fs.mkdtempSync(join(tmpdir(), "detcd-lock-"));
    const first = lockDirectory(directory);
    if (!first.ok) throw new Error(JSON.stringify(first.error));
    const holder: unknown = expect.stringMatching(`^process ${process.pid} on .`);
    expect(lockDirectory(directory)).toEqual({ ok: false, error: { kind: "held", holder } });
    first.value.release();
    const second = lockDirectory(directory);
    expect(second.ok).toBe(true);
    if (second.ok) second.value.release();
    fs.rmSync(directory, { recursive: true });
  });
});

describe.skipIf(!HAS_NAMESPACES)(`a second process elsewhere${skipReason}`, () => {
  it("is refused while the first one lives, and takes over when it was killed", async () => {
    const [plan] = (await planMembers(["one"])) as [MemberPlan];
    const first = await startMember(plan);
    const refused = await runToEnd(flagsOf(plan), ELSEWHERE);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(
      /^detcd serve: the data directory .* is in use by another detcd \(process \d+ on .*\): stop/,
    );
    await first.end("SIGKILL");
    const second = new MemberProcess(flagsOf(plan), [...ELSEWHERE, "sh", "-c", UP, "sh"]);
    await second.says("ready to serve client requests");
    expect(await second.end("SIGTERM")).toBe("SIGTERM");
  });
});

/** A new namespace has a loopback device that is down. */
const UP = 'ip link set lo up 2>/dev/null || ifconfig lo up; exec "$@"';
