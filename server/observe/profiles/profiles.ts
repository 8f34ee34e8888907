// Profiles of the running process, by V8's own profilers. The heap is sampled from the start on, so
// that whoever asks sees what lives now and who made it; the CPU only while somebody asks.

import { Session } from "node:inspector/promises";
import type { HeapProfiler, Profiler } from "node:inspector";
import type { Page, Pages } from "../../../net/socket/http/pages.ts";
import { PLAIN } from "../../../net/socket/http/pages.ts";
import { encodePprof } from "./pprof.ts";
import type { Frame } from "./pprof.ts";

const SAMPLING_MICROSECONDS = 10_000; // a hundred a second, as Go's
const SAMPLING_BYTES = 512 * 1024; // and one in so many, as Go's
const SECONDS = 30;
const SECONDS_MAX = 300;

const INDEX =
  "/debug/pprof/\n\n" +
  "profile?seconds=30                    where the time goes, for pprof\n" +
  "profile?seconds=30&format=cpuprofile  the same, for the tools of Chrome\n" +
  "heap                                  what lives on the heap, and who made it, for pprof\n" +
  "cmdline                               how this process was started\n";

export async function createProfiles(): Promise<Pages> {
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.startSampling", { samplingInterval: SAMPLING_BYTES });
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLING_MICROSECONDS });
  let isBusy = false;
  const cpu = async (query: URLSearchParams): Promise<Page> => {
    const seconds = Number(query.get("seconds") ?? SECONDS);
    if (!(seconds > 0 && seconds <= SECONDS_MAX)) {
      return refusal(400, `seconds must be a number up to ${SECONDS_MAX}`);
    }
    if (isBusy) return refusal(500, "a CPU profile is being made: one at a time");
    isBusy = true;
    try {
      await session.post("Profiler.start");
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref());
      const { profile } = await session.post("Profiler.stop");
      return query.get("format") === "cpuprofile"
        ? { status: 200, type: "application/json", body: JSON.stringify(profile) }
        : binary(cpuPprof(profile));
    } finally {
      isBusy = false;
    }
  };
  const heap = async (): Promise<Page> => {
    const { profile } = await session.post("HeapProfiler.getSamplingProfile");
    return binary(heapPprof(profile));
  };
  return (path, query) => {
    switch (path.replace(/^\/debug\/pprof\/?/, "")) {
      case "":
        return Promise.resolve({ status: 200, type: PLAIN, body: INDEX });
      case "profile":
        return cpu(query);
      case "heap":
        return heap();
      case "cmdline":
        return Promise.resolve({ status: 200, type: PLAIN, body: process.argv.join("\0") });
      default:
        return null;
    }
  };
}

export function cpuPprof(profile: Profiler.Profile): Uint8Array {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const microseconds = new Map<number, number>();
  for (const [at, id] of (profile.samples ?? []).entries()) {
    microseconds.set(id, (microseconds.get(id) ?? 0) + (profile.timeDeltas?.[at] ?? 0));
  }
  const frameOf = (node: Profiler.ProfileNode): Frame => ({
    ...placeOf(node.callFrame),
    values: [node.hitCount ?? 0, Math.max(0, microseconds.get(node.id) ?? 0) * 1000],
    children: (node.children ?? []).flatMap((id) => {
      const child = nodes.get(id);
      return child === undefined || child.callFrame.functionName === "(idle)"
        ? []
        : [frameOf(child)];
    }),
  });
  return encodePprof({
    kinds: [
      { name: "samples", unit: "count" },
      { name: "cpu", unit: "nanoseconds" },
    ],
    period: SAMPLING_MICROSECONDS * 1000,
    durationMs: (profile.endTime - profile.startTime) / 1000,
    root: frameOf(profile.nodes[0] as Profiler.ProfileNode),
  });
}

export function heapPprof({ head }: HeapProfiler.SamplingHeapProfile): Uint8Array {
  const frameOf = (node: HeapProfiler.SamplingHeapProfileNode): Frame => ({
    ...placeOf(node.callFrame),
    values: [node.selfSize],
    children: node.children.map(frameOf),
  });
  return encodePprof({
    kinds: [{ name: "inuse_space", unit: "bytes" }],
    period: SAMPLING_BYTES,
    durationMs: 0,
    root: frameOf(head),
  });
}

function placeOf({ functionName, url, lineNumber }: Profiler.ProfileNode["callFrame"]): Readonly<{
  name: string;
  url: string;
  line: number;
}> {
  return { name: functionName, url, line: lineNumber + 1 };
}

function binary(body: Uint8Array): Page {
  return { status: 200, type: "application/octet-stream", body };
}

function refusal(status: number, reason: string): Page {
  return { status, type: PLAIN, body: `${reason}\n` };
}
