// One process per data directory. A lock file with a process id would outlive `kill -9`, and ids
// are reused; Node has no flock. A listening socket is what the kernel itself takes back when its
// process ends, however it ends, and only one process can hold its name. On Linux the name lives in
// no directory (an abstract socket), so nothing is left behind either. It answers whoever connects
// with its process id.
//
// The name is made of the directory's device and inode: the same by whatever path it is reached.
// Two containers that share a volume but not a network namespace do not see each other's lock.

import * as fs from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Result } from "../core/contract.ts";

export type Lock = Readonly<{ release: () => Promise<void> }>;

/** An error is the process id of the holder, as far as it can be told. */
export async function lockDirectory(directory: string): Promise<Result<Lock, string>> {
  const { dev, ino } = fs.statSync(directory, { bigint: true });
  const address = addressOf(`detcd-${dev.toString(16)}-${ino.toString(16)}`);
  const server = net.createServer((socket) => {
    socket.on("error", () => undefined); // who only asks may leave before the answer
    socket.end(String(process.pid));
  });
  if (await listens(server, address)) return { ok: true, value: { release: () => close(server) } };
  const holder = await askHolder(address);
  if (holder !== null) return { ok: false, error: holder };
  fs.rmSync(address, { force: true }); // where sockets are files, one without a process behind it
  if (await listens(server, address)) return { ok: true, value: { release: () => close(server) } };
  return { ok: false, error: "unknown" };
}

function addressOf(name: string): string {
  if (process.platform === "linux") return `\0${name}`;
  if (process.platform === "win32") return `\\\\.\\pipe\\${name}`;
  return join(tmpdir(), `${name}.sock`);
}

function listens(server: net.Server, address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    };
    server.once("error", onError);
    server.listen(address, () => {
      server.off("error", onError);
      server.unref();
      resolve(true);
    });
  });
}

/** Null: nobody listens there. */
function askHolder(address: string): Promise<string | null> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = net.connect(address);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (answer += text));
    socket.on("end", () => resolve(answer === "" ? "unknown" : answer));
    socket.on("error", () => resolve(null));
    socket.setTimeout(1000, () => {
      socket.destroy();
      resolve("unknown"); // somebody listens, but is stopped or busy
    });
  });
}

function close(server: net.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
