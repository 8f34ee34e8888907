// Disks that are full and logs that were cut off, as an operator finds them: a sentence says what
// happened, and what to do.

import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { must } from "../../core/lib/assert.ts";
import type { MemberPlan } from "./testing.ts";
import {
  cleanUp,
  flagsOf,
  HAS_NAMESPACES,
  PATIENCE_MS,
  planMembers,
  putRequest,
  runToEnd,
  startMember,
  startRunning,
} from "./testing.ts";

afterAll(cleanUp);

async function planOne(): Promise<MemberPlan> {
  const [plan] = await planMembers(["alone"]);
  return must(plan ?? null, "one was planned");
}

const skipReason = HAS_NAMESPACES ? "" : " (skipped: mounts of its own are not permitted here)";

describe.skipIf(!HAS_NAMESPACES)(`a start on a full disk${skipReason}`, () => {
  it.each(["first", "later"])("is refused in a sentence: the %s one", async (which) => {
    const plan = await planOne();
    if (which === "later") await (await startMember(plan)).end("SIGTERM");
    const { dataDirectory } = plan;
    fs.mkdirSync(dataDirectory, { recursive: true });
    const through = ["unshare", "--mount", "sh", "-c", ON_A_FULL_DISK, dataDirectory];
    const { code, output } = await runToEnd(flagsOf(plan), through);
    const last = output.split("\n").at(-1) ?? "";
    expect(last).toContain(dataDirectory);
    expect(last).toContain("no space left on device");
    expect(last).toMatch(/: free some/);
    expect(output).not.toMatch(/^\s+at /m); // no stack
    expect(code).toBe(1);
  });
});

/** What is in the directory, and not a byte more. The small file system ends with its process. */
const ON_A_FULL_DISK = `
  cp -R "$0" "$0.copy" && mount -t tmpfs -o size=16m tmpfs "$0" && cp -R "$0.copy/." "$0/"
  head -c 32M /dev/zero > "$0/filled" 2>/dev/null
  exec "$@"
`;

describe("a log whose end was cut off", () => {
  it("is told of at the start, and what is left of its last entry is kept", async () => {
    const plan = await planOne();
    const first = await startRunning(plan);
    for (const name of ["a", "b"]) {
      const put = putRequest(name, Buffer.from("acknowledged"));
      expect(await first.client.call(put, PATIENCE_MS)).toMatchObject({ ok: true });
    }
    first.client.close();
    await first.process.end("SIGKILL");
    const directory = join(plan.dataDirectory, "member", "wal");
    const segment = must(fs.readdirSync(directory).toSorted().at(-1) ?? null, "there is a log");
    const path = join(directory, segment);
    fs.truncateSync(path, fs.statSync(path).size - 3);
    const rest = fs.readFileSync(path);

    const again = await startMember(plan);
    await again.says(`"copy":"${segment}.broken"`);
    const line = again.output.split("\n").find((each) => each.includes(".broken")) ?? "";
    const told = JSON.parse(line) as Record<string, unknown>;
    expect(told).toMatchObject({ level: "warn", file: segment });
    const kept = fs.readFileSync(join(directory, `${segment}.broken`));
    expect(kept.length).toBe(told["bytes"]);
    expect(kept).toEqual(rest.subarray(Number(told["offset"])));
    expect(await again.end("SIGTERM")).toBe("SIGTERM");
  });
});
