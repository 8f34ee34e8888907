// Calls that came too early: the token they show is made by an entry that is not applied here yet.
// A client may ask one member for a token and show it to the next at once. As in etcd, such a call
// waits until this member knows what to think of it.

import type { Index, Input, Millis } from "../../contract.ts";
import type { ApiError } from "../../api/errors.ts";
import { ERRORS } from "../../api/errors.ts";
import { isStreamRequest } from "../../api/request.ts";
import { awaitedEntry } from "../../turn/callers.ts";
import { requestTimeoutMs } from "../../config.ts";
import type { Turn } from "../../turn/turn.ts";

/** Oldest first. */
export type Lobby = readonly Guest[];
type Guest = Readonly<{
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
const GUESTS_MAX = 1000;
const WORDS_MAX = 100;

/** True: the input waits, or it was about one that waits. */
export function detain(turn: Turn, input: CallInput): boolean {
  const { lobby, now } = turn.state;
  if (input.kind === "call") {
    const index = awaitedEntry(turn.state, input.context);
    if (index === null || lobby.length >= GUESTS_MAX) return false;
    turn.state = {
      ...turn.state,
      lobby: [...lobby, { index, opening: input, since: now, rest: [] }],
    };
    return true;
  }
  const guest = lobby.find(({ opening }) => opening.call === input.call);
  if (guest === undefined) return false;
  const isLoud = guest.rest.length >= WORDS_MAX;
  const isGone = input.kind === "call.cancel";
  const kept = isGone || isLoud ? [] : [{ ...guest, rest: [...guest.rest, input] }];
  turn.state = { ...turn.state, lobby: lobby.flatMap((each) => (each === guest ? kept : [each])) };
  if (isLoud && !isGone) dismiss(turn, guest.opening, ERRORS.TooManyRequests);
  return true;
}

/** What need not wait any more, in the order in which it came. */
export function takeAdmitted(turn: Turn): readonly CallInput[] {
  const { lobby, store } = turn.state;
  if (lobby.length === 0) return lobby as readonly never[];
  const isReady = ({ index }: Guest): boolean => index <= store.applied || !store.auth.enabled;
  if (!lobby.some(isReady)) return [];
  turn.state = { ...turn.state, lobby: lobby.filter((guest) => !isReady(guest)) };
  return lobby.filter(isReady).flatMap(({ opening, rest }) => [opening, ...rest]);
}

export function tickLobby(turn: Turn, now: Millis): void {
  const { lobby, config } = turn.state;
  if (lobby.length === 0) return;
  const kept = lobby.filter(({ opening, since }) => {
    const isLate = now >= opening.context.deadline;
    if (!isLate && now - since < requestTimeoutMs(config)) return true;
    dismiss(turn, opening, isLate ? ERRORS.DeadlineExceeded : ERRORS.InvalidAuthToken);
    return false;
  });
  turn.state = { ...turn.state, lobby: kept };
}

function dismiss(turn: Turn, { call, request }: Opening, error: ApiError): void {
  if (isStreamRequest(request)) turn.effects.push({ kind: "call.end", call, error });
  else turn.effects.push({ kind: "call.reply", call, result: { ok: false, error } });
}
