// Who wants a lock or an office, gives it up, or looks who has it. Every lease is the client's own:
// of one that a server grants for the purpose, the id is in the key, and no two servers share it.

import fc from "fast-check";
import type { Bytes } from "../../../core/contract.ts";
import { fromText, toBytes } from "../../../core/lib/bytes.ts";
import { mostly, oneOf, rarely, said } from "./weights.ts";
import type { CallStep, Step, WatchStep } from "../steps/step.ts";
import { REIGN } from "../steps/symbols.ts";

type Arbitrary<T> = fc.Arbitrary<T>;

const STEPS_MAX = 25;
const TTL_LASTING = 5000;
const LEASES: readonly number[] = [1, 2, 10, -7];

const lease: Arbitrary<number> = rarely(fc.constant(99), fc.constantFrom(...LEASES));
const name: Arbitrary<Bytes> = mostly(oneOf("l"), oneOf("m", "", "l/"));
const value: Arbitrary<Uint8Array> = fc
  .constantFrom("", "x", "y")
  .map((text) => toBytes(fromText(text)));
const key: Arbitrary<Bytes> = fc.tuple(name, lease).map(([of, by]) => keyOf(of, by));
const leaderKey = fc
  .record({ name, lease, rev: mostly(fc.constant(REIGN), fc.constantFrom(0, 1, 5)) })
  .map((each) => ({ ...each, key: keyOf(each.name, each.lease) }));
const maybeLeader = rarely(fc.constant(null), leaderKey);

const call: Arbitrary<CallStep> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name, lease }).map((each) => said("lock", each)) },
  { weight: 2, arbitrary: key.map((each) => said("unlock", { key: each })) },
  {
    weight: 4,
    arbitrary: fc.record({ name, lease, value }).map((each) => said("campaign", each)),
  },
  {
    weight: 2,
    arbitrary: fc.record({ leader: maybeLeader, value }).map((each) => said("proclaim", each)),
  },
  { weight: 2, arbitrary: maybeLeader.map((leader) => said("resign", { leader })) },
  { weight: 2, arbitrary: name.map((each) => said("leader", { name: each })) },
  { weight: 1, arbitrary: name.map((each) => said("observe", { name: each })) },
  { weight: 2, arbitrary: lease.map((id) => said("revoke", { id })) },
  { weight: 2, arbitrary: lease.map((id) => said("grant", { id, ttl: TTL_LASTING })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(key, value, lease)
      .map(([each, bytes, by]) => said("put", { key: each, value: bytes, lease: by })),
  },
  { weight: 2, arbitrary: key.map((each) => said("delete", { key: each })) },
  {
    weight: 1,
    arbitrary: fc.constant(said("range", { key: "\0" as Bytes, rangeEnd: "\0" as Bytes })),
  },
);

/** With a `watch` now and then. */
export function lockSteps(watch: Arbitrary<WatchStep>): Arbitrary<readonly Step[]> {
  const beginning = LEASES.map((id) => said("grant", { id, ttl: TTL_LASTING }));
  const step: Arbitrary<Step> = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.tuple(call, fc.constantFrom(0, 1, 2)).map(([each, at]) => ({ ...each, at })),
    },
    { weight: 1, arbitrary: watch },
  );
  const taken = fc.array(step, { minLength: 1, maxLength: STEPS_MAX, size: "max" });
  return taken.map((steps) => [...beginning, ...steps]);
}

function keyOf(prefix: Bytes, id: number): Bytes {
  return `${prefix}/${id.toString(16)}` as Bytes;
}
