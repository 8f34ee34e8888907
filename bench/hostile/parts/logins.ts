// A flood of wrong passwords, one member: what the right logins wait, of the user who is attacked
// and of another, and whether any of them is refused; and what a put of somebody waits who is in.

import { setTimeout } from "node:timers/promises";
import type { Request, Response } from "../../../core/api/request.ts";
import type { AuthRequest } from "../../../core/api/request-auth.ts";
import { fromText } from "../../../core/lib/bytes.ts";
import { Client } from "../../client.ts";
import { failuresOf, figuresOf, putsBeside } from "../beside.ts";
import { percentile } from "../latency.ts";
import type { Waits } from "../latency.ts";
import type { Part, Trial } from "../trial.ts";
import type { Worker } from "../worker.ts";

const ROOT = { user: "root", password: "the root's" };
const ATTACKED = { user: "anna", password: "right" };
const OTHER = { user: "bert", password: "right too" };
const FLOOD_TIMES = 3; // longer than the others: a login may wait as long as they last
const USUAL_REFUSAL = "etcdserver: authentication failed, invalid user ID or password";

export const LOGINS: Part = {
  name: "logins",
  about: "right logins beside a flood of wrong ones, one member",
  measure: async (trial) => {
    const { endpoints } = await trial.start(1);
    const [endpoint = ""] = endpoints;
    const token = await enableAuth(endpoint);
    await logIn(trial, endpoint, token, ", no flood", trial.sizes.seconds);
    const { clients, password } = { clients: trial.sizes.logins, password: "wrong" };
    const wrong = { endpoint, clients, user: ATTACKED.user, password };
    const flood = await trial.crew.start("logins", wrong);
    const floodSeconds = trial.sizes.seconds * FLOOD_TIMES;
    await logIn(
      trial,
      endpoint,
      token,
      `, ${clients} connections with wrong passwords`,
      floodSeconds,
    );
    const { waits, failures } = await flood.end();
    trial.figure("wrong passwords answered", "1/s", answeredEachSecond(waits));
    const { [USUAL_REFUSAL]: usual = 0, ...others } = failures;
    if (usual === 0) trial.note(`no wrong password was answered with "${USUAL_REFUSAL}"`);
    for (const [words, times] of Object.entries(others)) {
      trial.note(`${times} of ${waits.length} wrong passwords were answered with "${words}"`);
    }
  },
};

async function logIn(
  trial: Trial,
  endpoint: string,
  token: string,
  when: string,
  seconds: number,
): Promise<void> {
  const start = (who: typeof OTHER): Promise<Worker<Waits>> =>
    trial.crew.start("logins", { endpoint, clients: 1, ...who });
  const [same, other] = await Promise.all([start(ATTACKED), start(OTHER)]);
  const time = (): Promise<unknown> => setTimeout(seconds * 1000);
  const puts = await putsBeside(trial, endpoint, time, { token });
  const [ofSame, ofOther] = await Promise.all([same.end(), other.end()]);
  loginFigures(trial, `right login of the attacked user${when}`, ofSame);
  loginFigures(trial, `right login of another user${when}`, ofOther);
  figuresOf(trial, `put of a user who is in${when}`, puts);
}

/** Few of them: a percentile would be the longest. */
function loginFigures(trial: Trial, what: string, { waits, failures }: Waits): void {
  const right = waits.filter(({ isAnswered }) => isAnswered).map(({ ms }) => ms);
  trial.figure(`${what}: answered`, "count", right.length);
  trial.figure(`${what}: median`, "ms", percentile(right, 0.5));
  trial.figure(`${what}: longest`, "ms", percentile(right, 1));
  failuresOf(trial, what, { waits, failures });
}

function answeredEachSecond(waits: Waits["waits"]): number {
  const ends = waits.map(({ atMs, ms }) => atMs + ms);
  return (waits.length * 1000) / (percentile(ends, 1) - percentile(ends, 0));
}

/** Resolves with a token of one who may write all. */
async function enableAuth(endpoint: string): Promise<string> {
  const client = new Client(endpoint);
  const requests: AuthRequest[] = [{ kind: "role_add", name: fromText("root") }];
  for (const { user, password } of [ROOT, ATTACKED, OTHER]) {
    requests.push({ kind: "user_add", name: fromText(user), password, noPassword: false });
  }
  const root = { user: fromText("root"), role: fromText("root") };
  requests.push({ kind: "user_grant_role", name: root.user, role: root.role });
  requests.push({ kind: "auth_enable" });
  for (const request of requests) await client.ask(request);
  const name = fromText(ROOT.user);
  const login: Request = { kind: "authenticate", name, password: ROOT.password };
  const { token } = (await client.ask(login)) as Extract<Response, { kind: "authenticate" }>;
  client.close();
  return token;
}
