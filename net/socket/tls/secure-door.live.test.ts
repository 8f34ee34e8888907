// A port that speaks TLS, and everybody who comes to it.

import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createDial } from "../dial.ts";
import { hostAndPort } from "../address.ts";
import { listen } from "../listen.ts";
import type { Made } from "./make-certificate.ts";
import type { DoorTerms, Rejection } from "./secure-door.ts";
import { issue, makeCa } from "./testing.ts";
import { commonNameOf, isOf } from "./who.ts";

let ca: Made;
let served: Made;
let client: Made;
let stranger: Made;

beforeAll(async () => {
  ca = await makeCa("ours");
  served = await issue(ca, { commonName: "server" });
  client = await issue(ca, { commonName: "client" });
  stranger = await issue(await makeCa("another"), { commonName: "client" });
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Door = Readonly<{
  url: string;
  rejected: Rejection[];
  /** Resolves when as many were rejected. */
  hasRejected: (count: number) => Promise<void>;
}>;

/** Greets whoever comes in by the name in its certificate, and gives everything back. */
async function serve(terms: Partial<DoorTerms> = {}, url = "https://127.0.0.1:0"): Promise<Door> {
  const rejected: Rejection[] = [];
  let look: (() => void) | null = null;
  const onRejected = (rejection: Rejection): void => {
    rejected.push(rejection);
    look?.();
  };
  const hasRejected = (count: number): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (rejected.length >= count) resolve();
      };
      look();
    });
  const secrets = { cert: served.certificate, key: served.key, ca: ca.certificate };
  const door: DoorTerms = {
    secrets: () => secrets,
    asksForCertificates: false,
    objectionTo: async () => null,
    onRejected,
    farewell: null,
    ...terms,
  };
  const bound = { admits: () => true };
  const listener = await listen([url], greet, door, { bound, reusePort: false });
  cleanups.push(async () => {
    listener.cut();
    await listener.close();
  });
  return { url: listener.urls[0] as string, rejected, hasRejected };
}

function greet(socket: Socket): void {
  const who = (socket as TLSSocket).getPeerX509Certificate();
  socket.write(`welcome ${who === undefined ? "" : commonNameOf(who)}\n`);
  socket.pipe(socket);
}

/** What is shown. */
function show({ certificate, key }: Made): Readonly<{ cert: string; key: string }> {
  return { cert: certificate, key };
}

/** All that is said to whoever comes so, until its end, or the first line. */
function call({ url }: Door, options: ConnectionOptions = {}): Promise<string> {
  const socket = connectSecurely({ ...hostAndPort(url), ca: ca.certificate, ...options });
  return heard(socket);
}

function heard(socket: Socket): Promise<string> {
  let said = "";
  socket.on("error", (error) => (said += `[${(error as NodeJS.ErrnoException).code}]`));
  cleanups.push(() => socket.destroy());
  return new Promise((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      said += chunk.toString("latin1");
      if (said.startsWith("welcome") && said.endsWith("\n")) resolve(said.trim());
    });
    socket.once("close", () => resolve(said));
  });
}

describe("a port with TLS", () => {
  it("takes whoever believes its certificate, and tells them apart", async () => {
    const door = await serve({ asksForCertificates: true });
    const shown = show(client);
    expect(await call(door, shown)).toBe("welcome client");
    expect(await call(door, { ...shown, maxVersion: "TLSv1.2" })).toBe("welcome client");
    expect(door.rejected).toEqual([]);
  });

  it("offers HTTP/2 and HTTP/1.1", async () => {
    const { url } = await serve();
    const agreed = async (...ALPNProtocols: string[]): Promise<unknown> => {
      const options = { ...hostAndPort(url), ca: ca.certificate, ALPNProtocols };
      const socket = connectSecurely(options);
      cleanups.push(() => socket.destroy());
      await once(socket, "secureConnect");
      return socket.alpnProtocol;
    };
    expect(await agreed("h2", "http/1.1")).toBe("h2");
    expect(await agreed("http/1.1")).toBe("http/1.1");
  });

  it("refuses who has no certificate, or one of another CA, and says why", async () => {
    const door = await serve({ asksForCertificates: true });
    expect(await call(door)).toContain("CERTIFICATE_REQUIRED");
    const shown = show(stranger);
    expect(await call(door, shown)).not.toContain("welcome");
    await door.hasRejected(2);
    expect(door.rejected).toMatchObject([
      { reason: "tls: client didn't provide a certificate", hungUp: false },
      {
        reason: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
      },
    ]);
  });

  it("tells who may not stay, where there is a farewell", async () => {
    const door = await serve({
      asksForCertificates: true,
      objectionTo: async ({ certificate, address }) =>
        certificate !== null && isOf(certificate, address) ? "nobody from here" : null,
      farewell: (reason) => Buffer.from(`go: ${reason}`),
    });
    expect(await call(door, show(client))).toBe("go: nobody from here");
    expect(await call(door)).toContain("go: tls: client didn't provide");
    expect(await call(door, show(stranger))).toContain("signed by unknown authority");
  });

  it("answers who speaks in the clear", async () => {
    const door = await serve();
    const said = async (words: string): Promise<string> => {
      const { host, port } = hostAndPort(door.url);
      const socket = connect(port, host, () => socket.write(words));
      return heard(socket);
    };
    expect(await said("GET /health HTTP/1.1\r\n\r\n")).toBe(
      "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    );
    expect(await said("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).toMatch(/^HTTP\/1.0 400 /);
    expect(await said("\0\0\0\0")).toBe("");
    await door.hasRejected(3);
    expect(door.rejected[0]?.reason).toBe("tls: first record does not look like a TLS handshake");
  });

  it("ends hellos that are none, with an alert", async () => {
    const door = await serve();
    const { host, port } = hostAndPort(door.url);
    for (let seed = 1; seed < 40; seed++) {
      const hello = Buffer.from(Array.from({ length: 60 }, (_, at) => (at * at * seed) % 251));
      hello.set([0x16, 3, 1, 0, 55, seed % 2]);
      const socket = connect(port, host, () => socket.end(hello));
      await heard(socket);
    }
    await door.hasRejected(39);
    expect(await call(door)).toBe("welcome");
  });

  it("lets the oldest go where too many are at the door", async () => {
    const door = await serve();
    const { host, port } = hostAndPort(door.url);
    const dallying: Promise<string>[] = [];
    for (let nth = 0; nth < 520; nth++) {
      const socket = connect(port, host, () => socket.write("\x16"));
      dallying.push(heard(socket));
      await once(socket, "connect");
    }
    await Promise.all(dallying.slice(0, 8));
    expect(await call(door)).toBe("welcome");
  });

  it("begins no handshake anew for a client that wants to", async () => {
    const door = await serve();
    const socket = connectSecurely({
      ...hostAndPort(door.url),
      ca: ca.certificate,
      maxVersion: "TLSv1.2",
    });
    cleanups.push(() => socket.destroy());
    await once(socket, "secureConnect");
    const told = once(socket, "error");
    socket.renegotiate({}, () => expect.unreachable());
    socket.write("anybody there?");
    expect(String(await told)).toContain("no renegotiation");
  });

  it("shows what its files say now", async () => {
    let now = show(served);
    const door = await serve({ secrets: () => now });
    expect(await call(door)).toBe("welcome");
    now = show(stranger);
    expect(await call(door)).toBe("[UNABLE_TO_VERIFY_LEAF_SIGNATURE]");
  });

  it("may be a file", async () => {
    const path = `/tmp/detcd-door-${process.pid}.sock`;
    const door = await serve({}, `unixs://${path}`);
    const believed = { ca: ca.certificate };
    const dial = createDial({
      secrets: () => believed,
      isTrusting: false,
      objectionTo: () => null,
    });
    expect(await heard(dial(door.url))).toBe("welcome");
  });
});
