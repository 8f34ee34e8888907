// The log on disk: how long writes and syncs of it take.

import { Histogram } from "./histogram.ts";
import type { Metric } from "./metric.ts";
import { one } from "./metric.ts";

export class DiskMetrics {
  #writtenBytes = 0;
  readonly #syncs = new Histogram(
    "etcd_disk_wal_fsync_duration_seconds",
    "The latency distributions of fsync called by WAL.",
  ).withZero();
  readonly #writes = new Histogram(
    "etcd_disk_wal_write_duration_seconds",
    "The latency distributions of write called by WAL.",
  ).withZero();

  readonly onSync = (seconds: number): void => this.#syncs.observe(seconds);

  readonly onWrite = (bytes: number, seconds: number): void => {
    this.#writtenBytes += bytes;
    this.#writes.observe(seconds);
  };

  metrics(): readonly Metric[] {
    return [
      one(
        "etcd_disk_wal_write_bytes_total",
        "gauge",
        "Total number of bytes written in WAL.",
        this.#writtenBytes,
      ),
    ];
  }

  histograms(): readonly Histogram[] {
    return [this.#syncs, this.#writes];
  }
}
