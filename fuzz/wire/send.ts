// Says the bytes of a round to a member, and listens until it has hung up or has nothing to say for
// a moment.

import { connect } from "node:net";
import { hostAndPort } from "../../net/socket/address.ts";
import type { Round } from "./rounds.ts";

const QUIET_MS = 30;
const LONGEST_MS = 1_000;

export function strike(url: string, { bytes }: Round): Promise<void> {
  return new Promise((resolve) => {
    const { host, port } = hostAndPort(url);
    const socket = connect(port, host, () => socket.write(bytes));
    const longest = setTimeout(() => socket.destroy(), LONGEST_MS);
    socket.setTimeout(QUIET_MS, () => socket.destroy());
    socket.on("error", () => undefined); // "close" follows
    socket.on("data", () => undefined);
    socket.once("close", () => {
      clearTimeout(longest);
      resolve();
    });
  });
}
