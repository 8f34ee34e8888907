// What systemd, or whoever else started this member, wants to be told: that it serves, and that it
// stops. The words go to a datagram socket, which Node does not have; systemd's own command does,
// and waits until they were read. It is another process, so a unit says NotifyAccess=all.

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Log } from "../observe/log.ts";

export type Supervisor = Readonly<{ tell: (state: "READY=1" | "STOPPING=1") => Promise<void> }>;

/** Tells nobody where nobody asked (NOTIFY_SOCKET). */
export function createSupervisor(
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): Supervisor {
  const isAsked = (environment["NOTIFY_SOCKET"] ?? "") !== "";
  return { tell: async (state) => (isAsked ? tell(state, environment, log) : undefined) };
}

async function tell(
  state: string,
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<void> {
  const told = spawn("systemd-notify", [state], { env: environment, stdio: "ignore" });
  try {
    const [code] = (await once(told, "exit")) as [number | null];
    if (code === 0) return;
    log("warn", "failed to notify systemd", { state, error: `systemd-notify ended with ${code}` });
  } catch (error) {
    log("warn", "failed to notify systemd", { state, error: (error as Error).message });
  }
}
