// The full lists of etcd's flags, release by release, as its sources register them (the helps leave
// some out): none is forgotten here.

import { describe, expect, it } from "vitest";
import { FLAG_BY_WORD } from "./table.ts";

const REGISTERED: readonly (readonly [releases: string, names: string])[] = [
  [
    "3.4 3.5 3.6 3.7",
    `
      advertise-client-urls auth-token auth-token-ttl auto-compaction-mode
      auto-compaction-retention auto-tls backend-batch-interval backend-batch-limit bcrypt-cost
      cert-file cipher-suites client-cert-allowed-hostname client-cert-auth client-crl-file
      cluster-active-size cluster-remove-delay cluster-sync-interval config config-file cors
      data-dir discovery discovery-fallback discovery-proxy discovery-srv discovery-srv-name
      election-timeout enable-grpc-gateway enable-pprof force force-new-cluster
      grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout heartbeat-interval
      help host-whitelist initial-advertise-peer-urls initial-cluster initial-cluster-state
      initial-cluster-token initial-election-tick-advance key-file listen-client-urls
      listen-metrics-urls listen-peer-urls log-level log-outputs logger max-concurrent-streams
      max-request-bytes max-result-buffer max-retry-attempts max-snapshots max-txn-ops max-wals
      metrics name peer-auto-tls peer-cert-allowed-cn peer-cert-allowed-hostname peer-cert-file
      peer-client-cert-auth peer-crl-file peer-election-timeout peer-heartbeat-interval
      peer-key-file peer-trusted-ca-file pre-vote quota-backend-bytes retry-interval snapshot
      snapshot-count strict-reconfig-check test.coverprofile test.outputdir trusted-ca-file
      unsafe-no-fsync v version vv wal-dir
    `,
  ],
  [
    "3.5 3.6 3.7",
    `
      backend-bbolt-freelist-type client-cert-file client-key-file enable-log-rotation
      listen-client-http-urls log-rotation-config-json peer-client-cert-file
      peer-client-key-file raft-read-timeout raft-write-timeout self-signed-cert-validity
      socket-reuse-address socket-reuse-port tls-max-version tls-min-version v2-deprecation
    `,
  ],
  [
    "3.6 3.7",
    `
      bootstrap-defrag-threshold-megabytes compact-hash-check-time compaction-batch-limit
      compaction-sleep-interval corrupt-check-time discovery-cacert discovery-cert
      discovery-dial-timeout discovery-endpoints discovery-insecure-skip-tls-verify
      discovery-insecure-transport discovery-keepalive-time discovery-keepalive-timeout
      discovery-key discovery-password discovery-request-timeout discovery-token discovery-user
      distributed-tracing-address distributed-tracing-instance-id
      distributed-tracing-sampling-rate distributed-tracing-service-name downgrade-check-time
      enable-distributed-tracing feature-gates log-format max-learners memory-mlock
      peer-skip-client-san-verification snapshot-catchup-entries warning-apply-duration
      warning-unary-request-duration watch-progress-notify-interval
    `,
  ],
  [
    "3.4",
    `
      debug experimental-backend-bbolt-freelist-type log-output log-package-levels
    `,
  ],
  [
    "3.4 3.5",
    `
      enable-v2 experimental-enable-v2v3 proxy proxy-dial-timeout proxy-failure-wait
      proxy-read-timeout proxy-refresh-interval proxy-write-timeout
    `,
  ],
  [
    "3.5 3.6",
    `
      experimental-bootstrap-defrag-threshold-megabytes experimental-compact-hash-check-enabled
      experimental-compact-hash-check-time experimental-compaction-sleep-interval
      experimental-distributed-tracing-address experimental-distributed-tracing-instance-id
      experimental-distributed-tracing-sampling-rate
      experimental-distributed-tracing-service-name experimental-downgrade-check-time
      experimental-enable-distributed-tracing experimental-memory-mlock
      experimental-snapshot-catchup-entries experimental-stop-grpc-service-on-defrag
      experimental-txn-mode-write-with-shared-buffer
    `,
  ],
  [
    "3.4 3.5 3.6",
    `
      experimental-compaction-batch-limit experimental-corrupt-check-time
      experimental-enable-lease-checkpoint experimental-enable-lease-checkpoint-persist
      experimental-initial-corrupt-check experimental-peer-skip-client-san-verification
      experimental-warning-apply-duration experimental-watch-progress-notify-interval
    `,
  ],
  [
    "3.6",
    `
      experimental-warning-unary-request-duration
    `,
  ],
];

function countOf(release: string): number {
  return REGISTERED.filter(([releases]) => releases.includes(release))
    .map(([, names]) => names.trim().split(/\s+/).length)
    .reduce((sum, more) => sum + more, 0);
}

describe("the flags of etcd", () => {
  it.each(REGISTERED)("of %s are all known", (_releases, names) => {
    const words = names.trim().split(/\s+/);
    expect(words.filter((word) => !FLAG_BY_WORD.has(word))).toEqual([]);
  });

  it("are as many as each release has", () => {
    expect(["3.4", "3.5", "3.6", "3.7"].map(countOf)).toEqual([102, 128, 154, 131]);
  });
});
