// What operators say: who the members are, alarms and what they forbid, who leads, and how things
// stand. Nobody is behind a member that is added, so none is that would be needed for a majority,
// and none of the first is removed or moved.
//
// Of what etcd 3.4.23 takes ill (known-differences.ts) nothing is said: no learner moves, and no
// two kinds of alarms are raised. Nor is an alarm of no kind, which it keeps, or dies of where it
// is nobody's; nor an unknown action, which ends every etcd.

import fc from "fast-check";
import type { ToWire } from "../../../net/wire/messages/etcd-messages.ts";
import { mostly, often, said, thin } from "./weights.ts";
import type { CallStep, Step, WatchStep } from "../steps/step.ts";
import { LEADER, MEMBER } from "../steps/symbols.ts";

type Arbitrary<T> = fc.Arbitrary<T>;

const STEPS_MAX = 25;
const GET = 0;
const ACTIVATE = 1;
const DEACTIVATE = 2;
const NOSPACE = 1;
const CORRUPT = 2;
const NOBODY = 99n;

const url: Arbitrary<string> = mostly(
  fc.constantFrom("near", "near", "far", "peer0"),
  fc.constantFrom("", "http://", "127.0.0.1:3", "http://127.0.0.1", "ftp://a:1", "http://a:1/x"),
);
const urls = mostly(
  url.map((each) => [each]),
  fc.array(url, { maxLength: 2 }),
);
/** For so many members at first. */
function membership(members: 1 | 3): Arbitrary<CallStep> {
  const first = MEMBER;
  const added = MEMBER + BigInt(members);
  const anyMember = fc.constantFrom(first, added, added, added + 1n, NOBODY, 0n);
  // the only member may move, and may try to leave: it cannot
  const mine = members === 1 ? [first] : [];
  const removable = fc.constantFrom(...mine, added, added, added + 1n, NOBODY, 0n);
  const movable = fc.constantFrom(...mine, NOBODY, 0n);
  const isLearner = members === 1 ? fc.constant(true) : fc.boolean();
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .record({ peerUrls: urls, isLearner })
        .map((each) => said("member_add", thin(each))),
    },
    { weight: 2, arbitrary: removable.map((id) => said("member_remove", { id })) },
    {
      weight: 2,
      arbitrary: fc
        .record({ id: movable, peerUrls: urls })
        .map((each) => said("member_update", each)),
    },
    { weight: 1, arbitrary: anyMember.map((id) => said("member_promote", { id })) },
    {
      weight: 3,
      arbitrary: fc.boolean().map((linearizable) => said("member_list", thin({ linearizable }))),
    },
  );
}

/** Of one kind, but for what is asked about or taken back. */
function alarmsOf(kind: number): Arbitrary<CallStep> {
  const memberId = often(fc.constantFrom(MEMBER), fc.constantFrom(0n, NOBODY));
  const other = fc.record({
    action: fc.constantFrom(GET, DEACTIVATE, DEACTIVATE),
    alarm: mostly(fc.constant(kind), fc.constantFrom(0, 3, -1)),
    memberId,
  });
  const raised = fc.record({ action: fc.constant(ACTIVATE), alarm: fc.constant(kind), memberId });
  return often(other, raised).map((each) => said("alarm", thin(each)));
}

const standing: Arbitrary<CallStep> = fc.oneof(
  fc.constant(said("status", {})),
  fc.constant(said("hash_all", {})),
  fc.constant(said("defragment", {})),
  fc
    .tuple(
      fc.constantFrom("health", "health", "health_watch"),
      fc.constantFrom("", "", "etcdserverpb.KV", "\u00e9"),
    )
    .map(([kind, service]) => said(kind, { service })),
  fc
    .record({ action: fc.constantFrom(0, 1, 2, 7), version: fc.constantFrom("", "3.4", "x") })
    .map((each) => said("downgrade", each)),
);

/** Refused, or to who leads anyway. */
function handOver(members: 1 | 3): Arbitrary<Step> {
  const added = MEMBER + BigInt(members);
  const strangers = [0n, NOBODY, added + 7n];
  const targets = members === 1 ? [MEMBER, ...strangers] : strangers;
  return fc
    .constantFrom(...targets)
    .map((targetId) => ({ ...said("move_leader", { targetId }), at: LEADER }));
}

/** With `call` and `watch` between. */
export function clusterSteps(
  members: 1 | 3,
  call: Arbitrary<CallStep>,
  watch: Arbitrary<WatchStep>,
): Arbitrary<readonly Step[]> {
  const anywhere = (step: Arbitrary<CallStep>): Arbitrary<Step> =>
    fc.tuple(step, fc.constantFrom(0, 1, 2)).map(([each, at]) => ({ ...each, at }));
  return fc.constantFrom(NOSPACE, CORRUPT).chain((kind) => {
    const step: Arbitrary<Step> = fc.oneof(
      { weight: 6, arbitrary: call.map(plain) },
      { weight: 1, arbitrary: watch },
      { weight: 4, arbitrary: anywhere(membership(members)) },
      { weight: 4, arbitrary: anywhere(alarmsOf(kind)) },
      { weight: 2, arbitrary: anywhere(standing) },
      { weight: 1, arbitrary: handOver(members) },
    );
    const taken = fc.array(step, { minLength: 1, maxLength: STEPS_MAX, size: "max" });
    return members === 1 ? taken : fc.tuple(taken, fc.boolean()).map(withOneVoter);
  });
}

/** Without transactions within transactions, whose puts cost nothing in 3.4. */
function plain(taken: CallStep): CallStep {
  if (taken.kind !== "txn") return taken;
  const { success, failure } = taken.message;
  const left = (branch: typeof success): ToWire<"RequestOp">[] =>
    (branch ?? []).filter(({ txn }) => !txn);
  const message = { ...taken.message, success: left(success), failure: left(failure) };
  return { ...taken, message };
}

/** Learners alone are added, or one voter and nobody more: while nobody is behind a voter, 3.4 adds
 *  no other member, and newer ones do if a majority is there. */
function withOneVoter([steps, isVoter]: readonly [readonly Step[], boolean]): readonly Step[] {
  if (!isVoter) {
    return steps.map((each) =>
      each.kind === "member_add"
        ? { ...each, message: { ...each.message, isLearner: true } }
        : each,
    );
  }
  const first = steps.find(isAdded);
  return steps.filter((each) => each === first || !isAdded(each));
}

/** Others are refused for their URLs, before anything else is looked at. */
function isAdded(step: Step): boolean {
  if (step.kind !== "member_add") return false;
  const { peerUrls } = step.message;
  return peerUrls?.every((each) => /^(near|far|peer0)$/.test(each)) ?? false;
}
