// Calls that came too early: the token they show is made by an entry that is not applied here yet.
// A client may ask one member for a token and show it to the next at once. As in etcd, such a call
// waits until this member knows what to think of it.

import type { Index, Input, Millis } from "../../contract.ts";
import type { ApiError } from "../../api/errors.ts";
import { ERRORS } from "../../api/errors.ts";
import { isStreamRequest } from "../../api/request.ts";
import { awaitedEntry } from "../../turn/callers.ts";
import { requestTimeoutMs } from "../../config.ts";
import { setCalls } from "../../turn/set-state.ts";
import type { Turn } from "../../turn/turn.ts";

/** Oldest first. */
export type TokenWaits = readonly TokenWait[];
type TokenWait = Readonly<{
  index: Index; // of the entry to wait for
  opening: Opening;
  since: Millis;
  rest: readonly CallInput[]; // what was said on a stream meanwhile
}>;
type Opening = Extract<Input, { kind: "call" }>;
/** What clients say. */
export type CallInput = Extract<
  Input,
  { kind: "call" | "call.item" | "call.credit" | "call.close" | "call.cancel" }
>;

/** Anybody can make up a token, so there is only so much room to wait in. */
const WAITS_MAX = 1000;
const WORDS_MAX = 100;

/** True: the input waits, or it was about one that waits. */
export function detain(turn: Turn, input: CallInput): boolean {
  const { now } = turn.state;
  const { tokenWaits } = turn.state.calls;
  if (input.kind === "call") {
    const index = awaitedEntry(turn.state, input.context);
    if (index === null || tokenWaits.length >= WAITS_MAX) return false;
    setCalls(turn, {
      ...turn.state.calls,
      tokenWaits: [...tokenWaits, { index, opening: input, since: now, rest: [] }],
    });
    return true;
  }
  const wait = tokenWaits.find(({ opening }) => opening.call === input.call);
  if (wait === undefined) return false;
  const isLoud = wait.rest.length >= WORDS_MAX;
  const isGone = input.kind === "call.cancel";
  const kept = isGone || isLoud ? [] : [{ ...wait, rest: [...wait.rest, input] }];
  setCalls(turn, {
    ...turn.state.calls,
    tokenWaits: tokenWaits.flatMap((each) => (each === wait ? kept : [each])),
  });
  if (isLoud && !isGone) dismiss(turn, wait.opening, ERRORS.TooManyRequests);
  return true;
}

/** What need not wait any more, in the order in which it came. */
export function takeAdmitted(turn: Turn): readonly CallInput[] {
  const { store } = turn.state;
  const { tokenWaits } = turn.state.calls;
  if (tokenWaits.length === 0) return tokenWaits as readonly never[];
  const isReady = ({ index }: TokenWait): boolean => index <= store.applied || !store.auth.enabled;
  if (!tokenWaits.some(isReady)) return [];
  setCalls(turn, {
    ...turn.state.calls,
    tokenWaits: tokenWaits.filter((wait) => !isReady(wait)),
  });
  return tokenWaits.filter(isReady).flatMap(({ opening, rest }) => [opening, ...rest]);
}

export function tickTokenWaits(turn: Turn, now: Millis): void {
  const { config } = turn.state;
  const { tokenWaits } = turn.state.calls;
  if (tokenWaits.length === 0) return;
  const kept = tokenWaits.filter(({ opening, since }) => {
    const isLate = now >= opening.context.deadline;
    if (!isLate && now - since < requestTimeoutMs(config)) return true;
    dismiss(turn, opening, isLate ? ERRORS.DeadlineExceeded : ERRORS.InvalidAuthToken);
    return false;
  });
  setCalls(turn, { ...turn.state.calls, tokenWaits: kept });
}

function dismiss(turn: Turn, { call, request }: Opening, error: ApiError): void {
  if (isStreamRequest(request)) turn.effects.push({ kind: "call.end", call, error });
  else turn.effects.push({ kind: "call.reply", call, result: { ok: false, error } });
}
