// Watches on real members, by the real etcdctl and by our own client.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WatchResponse } from "../../core/api/request.ts";
import { watchOf } from "../../core/api/testing.ts";
import type { WatchStream } from "../../net/socket/client.ts";
import type { Running } from "./testing.ts";
import {
  cleanUp,
  eventually,
  HAS_ETCDCTL,
  PATIENCE_MS,
  planMembers,
  putRequest,
  spawnEtcdctl,
  startRunning,
} from "./testing.ts";

const skipReason = HAS_ETCDCTL ? "" : " (skipped: etcdctl is not installed)";
let members: Running[] = [];

beforeAll(async () => {
  const plans = await planMembers(["one", "two", "three"]);
  const flags = ["--watch-progress-notify-interval=200ms"];
  members = await Promise.all(plans.map((plan) => startRunning(plan, flags)));
});

afterAll(async () => {
  for (const { client } of members) client.close();
  await cleanUp();
});

async function put(key: string, text: string, at = 0): Promise<number> {
  const request = putRequest(key, new TextEncoder().encode(text));
  const result = await members[at]?.client.call(request, PATIENCE_MS);
  if (!result?.ok) throw new Error(result?.error.message);
  return result.value.header.revision;
}

type Heard = { stream: WatchStream; responses: WatchResponse[]; texts: () => string[] };

function watch(at: number): Heard {
  const responses: WatchResponse[] = [];
  const stream = (members[at] as Running).client.watch(
    (response) => responses.push(response),
    () => undefined,
  );
  const texts = (): string[] =>
    responses.flatMap(({ events }) =>
      events.map(({ kind, kv }) => `${kind} ${kv.key}=${new TextDecoder().decode(kv.value)}`),
    );
  return { stream, responses, texts };
}

/** A header and nothing else. */
function tellsProgress(response: WatchResponse, id: bigint): boolean {
  return response.watchId === id && !response.created && response.events.length === 0;
}

/** What etcdctl has printed; it is ended with the rest. */
function etcdctl(args: string): {
  output: () => string;
  end: () => void;
  write: (line: string) => void;
} {
  const endpoints = members.map(({ plan }) => plan.clientUrl);
  const child = spawnEtcdctl(endpoints, args.split(" "));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return {
    output: () => text,
    end: () => child.kill("SIGKILL"),
    write: (line) => child.stdin.write(`${line}\n`),
  };
}

describe("a watch", () => {
  it("goes on at another member from the revision after the last", async () => {
    const first = watch(0);
    first.stream.ask(watchOf("resume/", "resume0"));
    await eventually(() => first.responses[0]?.created === true);
    await put("resume/a", "1", 1);
    await eventually(() => first.texts().length === 1);
    first.stream.leave();
    await put("resume/a", "2", 1);
    await put("resume/b", "3", 2);
    const last = first.responses.at(-1)?.events.at(-1)?.kv.modRevision ?? 0;
    const second = watch(2);
    second.stream.ask(watchOf("resume/", "resume0", { startRevision: last + 1, prevKv: true }));
    await eventually(() => second.texts().length === 2);
    expect(second.texts()).toEqual(["put resume/a=2", "put resume/b=3"]);
    expect(second.responses.flatMap(({ events }) => events)[0]?.prevKv).not.toBe(null);
    second.stream.leave();
  });

  it("notices progress when it asked for it, and answers when it is asked", async () => {
    const { stream, responses } = watch(1);
    stream.ask(watchOf("quiet", "", { progressNotify: true }));
    stream.ask({ kind: "progress" });
    await eventually(() =>
      [0n, -1n].every((id) => responses.some((each) => tellsProgress(each, id))),
    );
    const [created] = responses;
    expect(created?.created).toBe(true);
    for (const response of responses) {
      expect(response.header.revision).toBeGreaterThanOrEqual(created?.header.revision ?? 0);
    }
    stream.leave();
  });

  it("of a client that does not read costs no memory, and misses nothing", async () => {
    const { stream, responses } = watch(0);
    stream.ask(watchOf("slow/", "slow0"));
    await eventually(() => responses.length === 1);
    stream.pause();
    const text = "x".repeat(100_000);
    const count = 90;
    await Promise.all(Array.from({ length: count }, (_, at) => put(`slow/${at}`, text)));
    stream.resume();
    await eventually(() => responses.flatMap(({ events }) => events).length === count);
    const revisions = responses.flatMap(({ events }) => events.map(({ kv }) => kv.modRevision));
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(new Set(revisions).size).toBe(count);
    stream.leave();
  });
});

describe.skipIf(!HAS_ETCDCTL)(`etcdctl watch${skipReason}`, () => {
  it("prints history and what comes after it, with what was there before", async () => {
    const revision = await put("ctl/a", "1");
    await put("ctl/b", "2", 1);
    const ctl = etcdctl(`watch --prefix ctl/ --rev ${revision} --prev-kv`);
    await eventually(() => ctl.output().includes("ctl/b"));
    await put("ctl/a", "3", 2);
    await eventually(() => ctl.output().endsWith("3\n"));
    expect(ctl.output()).toBe("PUT\nctl/a\n1\nPUT\nctl/b\n2\nPUT\nctl/a\n1\nctl/a\n3\n");
    ctl.end();
  });

  it("asks for progress, interactively", async () => {
    const ctl = etcdctl("watch -i");
    ctl.write("watch talk");
    ctl.write("progress");
    await eventually(() => ctl.output().includes("progress notify:"));
    await put("talk", "hello");
    await eventually(() => ctl.output().includes("PUT\ntalk\nhello\n"));
    ctl.end();
  });
});
