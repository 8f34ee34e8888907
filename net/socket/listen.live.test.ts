// Where a server listens, and how many it listens to.

import { once } from "node:events";
import * as fs from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { placeOf, addressOf } from "./address.ts";
import { listen } from "./listen.ts";
import type { Listener } from "./listen.ts";
import { createBound } from "./open-files.ts";

const directory = fs.mkdtempSync(join(tmpdir(), "detcd-listen-"));
const listeners: Listener[] = [];
const sockets: Socket[] = [];
const lines: string[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listener of listeners.splice(0)) {
    listener.cut();
    await listener.close();
  }
});

async function serve(url: string, connectionsMax = 10): Promise<string> {
  lines.length = 0;
  const bound = createBound(
    connectionsMax,
    (line) => lines.push(line),
    () => 0,
  );
  const listener = await listen([url], (socket) => socket.write("welcome"), null, {
    bound,
    reusePort: false,
  });
  listeners.push(listener);
  return listener.urls[0] as string;
}

/** What is heard first; "": nothing, before it was hung up. */
function call(url: string): Promise<string> {
  const socket = connect(placeOf(addressOf(url)));
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.once("data", (said: Buffer) => resolve(said.toString()));
    socket.on("error", () => {});
    socket.once("close", () => resolve(""));
  });
}

describe("a server", () => {
  it("listens on a file, though one that is dead has left it there", async () => {
    const path = join(directory, "localhost:20000");
    const url = await serve(`unix://${path}`);
    expect(await call(url)).toBe("welcome");
    fs.linkSync(path, `${path}.left`);
    expect(await call(await serve(`unix:${path}.left`))).toBe("welcome");
  });

  it("takes no file from anybody else, and serves nothing secure without a certificate", async () => {
    const path = join(directory, "precious");
    fs.writeFileSync(path, "data");
    await expect(serve(`unix://${path}`)).rejects.toThrow("it is no socket");
    expect(fs.readFileSync(path, "utf8")).toBe("data");
    await expect(serve("https://127.0.0.1:0")).rejects.toThrow(
      "there is no certificate for https:",
    );
  });

  it("hangs up on those for whom there is no room, until somebody leaves", async () => {
    const url = await serve("http://127.0.0.1:0", 2);
    const said = [await call(url), await call(url), await call(url), await call(url)];
    expect(said).toEqual(["welcome", "welcome", "", ""]);
    expect(lines).toEqual([expect.stringMatching(/^2 connections are open, .*ulimit -n/)]);
    const [first] = sockets as [Socket];
    first.end();
    await once(first, "close");
    expect(await call(url)).toBe("welcome");
  });
});
