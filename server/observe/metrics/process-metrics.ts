// The process and its runtime: process_* as for every Prometheus client, os_fd_* as etcd has them,
// and nodejs_* under the names of prom-client, which dashboards for Node take.

import { readdirSync, readFileSync } from "node:fs";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import type { Metric, Sample } from "./metric.ts";
import { labelled, one } from "./metric.ts";

const LAG_RESOLUTION_MS = 10;
const PAGE_BYTES = 4096;

export class ProcessMetrics {
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  #busy = performance.eventLoopUtilization();

  constructor() {
    this.#lag.enable();
  }

  /** The lag is that since it was asked for last. */
  metrics(): readonly Metric[] {
    return [...processMetrics(), ...heapMetrics(), ...this.#loopMetrics()];
  }

  #loopMetrics(): readonly Metric[] {
    const lag = this.#lag;
    const name = "nodejs_eventloop_lag";
    const [help, gauge] = ["event loop lag in seconds since the last look.", "gauge"] as const;
    const utilization = performance.eventLoopUtilization(this.#busy);
    this.#busy = performance.eventLoopUtilization();
    const metrics = [
      one(`${name}_seconds`, gauge, `The mean ${help}`, seconds(lag.mean)),
      one(`${name}_min_seconds`, gauge, `The least ${help}`, seconds(lag.min)),
      one(`${name}_max_seconds`, gauge, `The longest ${help}`, seconds(lag.max)),
      one(`${name}_mean_seconds`, gauge, `The mean ${help}`, seconds(lag.mean)),
      one(`${name}_stddev_seconds`, gauge, `The deviation of ${help}`, seconds(lag.stddev)),
      one(`${name}_p50_seconds`, gauge, `The median of ${help}`, seconds(lag.percentile(50))),
      one(`${name}_p90_seconds`, gauge, `The 90th of ${help}`, seconds(lag.percentile(90))),
      one(`${name}_p99_seconds`, gauge, `The 99th of ${help}`, seconds(lag.percentile(99))),
      one(
        "nodejs_eventloop_utilization",
        gauge,
        "How much of the time since the last look the event loop was busy.",
        utilization.utilization,
      ),
    ];
    lag.reset();
    return metrics;
  }
}

function seconds(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9) : 0;
}

function processMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  const metrics: Metric[] = [
    one(
      "process_resident_memory_bytes",
      "gauge",
      "Resident memory size in bytes.",
      process.memoryUsage.rss(),
    ),
    one(
      "process_cpu_seconds_total",
      "counter",
      "Total user and system CPU time spent in seconds.",
      (user + system) / 1e6,
    ),
    one(
      "process_start_time_seconds",
      "gauge",
      "Start time of the process since unix epoch in seconds.",
      performance.timeOrigin / 1000,
    ),
    [
      "nodejs_version_info",
      "gauge",
      "Which Node it runs on.",
      [[labelled({ version: process.version }), 1]],
    ],
  ];
  if (process.platform !== "linux") return metrics;
  return metrics.concat(linuxMetrics());
}

function linuxMetrics(): readonly Metric[] {
  const open = readdirSync("/proc/self/fd").length;
  const limits = readFileSync("/proc/self/limits", "utf8");
  const [pages = "0"] = readFileSync("/proc/self/statm", "utf8").split(" ");
  const openMost = limitOf(limits, "Max open files");
  const gauge = "gauge";
  return [
    one("process_open_fds", gauge, "Number of open file descriptors.", open),
    one("process_max_fds", gauge, "Maximum number of open file descriptors.", openMost),
    one(
      "process_virtual_memory_bytes",
      gauge,
      "Virtual memory size in bytes.",
      Number(pages) * PAGE_BYTES,
    ),
    one(
      "process_virtual_memory_max_bytes",
      gauge,
      "Maximum amount of virtual memory available in bytes.",
      limitOf(limits, "Max address space"),
    ),
    one("os_fd_used", gauge, "The number of used file descriptors.", open),
    one("os_fd_limit", gauge, "The file descriptor limit.", openMost),
  ];
}

/** What is unlimited is all that an unsigned word can say, as Go writes it. */
function limitOf(limits: string, name: string): number {
  const soft = new RegExp(`^${name} +(\\d+)`, "m").exec(limits)?.[1];
  return soft === undefined ? 2 ** 64 : Number(soft);
}

function heapMetrics(): readonly Metric[] {
  const { heapTotal, heapUsed, external } = process.memoryUsage();
  const gauge = "gauge";
  const limit = getHeapStatistics().heap_size_limit;
  const spaces = getHeapSpaceStatistics();
  const perSpace = (bytesOf: (space: (typeof spaces)[number]) => number): readonly Sample[] =>
    spaces.map((space) => {
      const name = space.space_name.replace(/_space$/, "");
      return [labelled({ space: name }), bytesOf(space)];
    });
  return [
    one("nodejs_heap_size_total_bytes", gauge, "The heap's size in bytes.", heapTotal),
    one("nodejs_heap_size_used_bytes", gauge, "Of the heap what is used, in bytes.", heapUsed),
    one("nodejs_heap_size_limit_bytes", gauge, "What the heap may grow to, in bytes.", limit),
    one("nodejs_external_memory_bytes", gauge, "Memory outside of the heap, in bytes.", external),
    [
      "nodejs_heap_space_size_total_bytes",
      gauge,
      "Size of each space of the heap, in bytes.",
      perSpace(({ space_size }) => space_size),
    ],
    [
      "nodejs_heap_space_size_used_bytes",
      gauge,
      "Of each space of the heap what is used, in bytes.",
      perSpace(({ space_used_size }) => space_used_size),
    ],
  ];
}
