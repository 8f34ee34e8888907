import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createSupervisor } from "./supervisor.ts";

const HAS_TOOLS = ["systemd-notify", "python3"].every(
  (tool) => spawnSync(tool, ["--version"]).status === 0,
);

/** Node has no datagram sockets of this kind: that is why there is something to test. */
const LISTENER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("bound", flush=True)
while True:
    data, rights, _, _ = socket.recv_fds(listener, 4096, 4)
    print(data.decode().replace("\\n", " "), flush=True)
    for each in rights: socket.close(each)
`;

let root = "";
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "detcd-notify-"));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

it.runIf(HAS_TOOLS)("a supervisor hears that a member is ready, and that it stops", async () => {
  const path = join(root, "notify");
  const listener = spawn("python3", ["-c", LISTENER, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let heard = "";
  listener.stdout.setEncoding("utf8").on("data", (text: string) => (heard += text));
  try {
    await once(listener.stdout, "data");
    const lines: string[] = [];
    const environment = { ...process.env, NOTIFY_SOCKET: path };
    const supervisor = createSupervisor(environment, (_level, words) => lines.push(words));
    await supervisor.tell("READY=1");
    await supervisor.tell("STOPPING=1");
    expect(lines).toEqual([]);
    expect(heard).toContain("READY=1");
    expect(heard).toContain("STOPPING=1");
  } finally {
    listener.kill();
    await once(listener, "exit");
  }
});

it("nobody is told where nobody asked, and a supervisor that is not there is one warning", async () => {
  const lines: string[] = [];
  const log = (_level: string, words: string): void => void lines.push(words);
  await createSupervisor({ PATH: "" }, log).tell("READY=1");
  expect(lines).toEqual([]);
  await createSupervisor({ PATH: root, NOTIFY_SOCKET: join(root, "none") }, log).tell("READY=1");
  expect(lines).toEqual(["failed to notify systemd"]);
});
