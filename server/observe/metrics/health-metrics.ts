// What probes were told.

import type { Metric } from "./metric.ts";
import { Counters, labelled, one } from "./metric.ts";

export class HealthMetrics {
  #healthy = 0;
  #unhealthy = 0;
  readonly #results = new Counters();
  readonly #checks = new Counters();

  countHealth(isHealthy: boolean): void {
    if (isHealthy) this.#healthy += 1;
    else this.#unhealthy += 1;
  }

  /** `type` is its page: livez or readyz. */
  countCheck(type: string, name: string, isHealthy: boolean): void {
    this.#results.set(labelled({ name, type }), Number(isHealthy));
    const status = isHealthy ? "success" : "error";
    this.#checks.add(labelled({ name, status, type }));
  }

  metrics(): readonly Metric[] {
    const counter = "counter";
    return [
      one(
        "etcd_server_health_success",
        counter,
        "The total number of successful health checks",
        this.#healthy,
      ),
      one(
        "etcd_server_health_failures",
        counter,
        "The total number of failed health checks",
        this.#unhealthy,
      ),
      [
        "etcd_server_healthcheck",
        "gauge",
        "The result of each kind of healthcheck.",
        this.#results.samples(),
      ],
      [
        "etcd_server_healthchecks_total",
        counter,
        "The total number of each kind of healthcheck.",
        this.#checks.samples(),
      ],
    ];
  }
}
