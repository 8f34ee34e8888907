// What a client sets for what we send it (RFC 9113, 6.5.2), and what we set for it.

import { CODE, SETTING, uint32, WINDOW_MAX } from "./frames.ts";
import type { Code, Frame } from "./frames.ts";
import type { Outgoing, Sender } from "./sender.ts";

export type Fault = readonly [code: Code, reason: string];

export const HEADER_LIST_BYTES_MAX: number = 64 * 1024;
/** As many streams as there are numbers for: it need not be said. */
export const STREAMS_UNLIMITED = 0xffffffff;

export function ownSettings(streamsMax: number): readonly (readonly [id: number, value: number])[] {
  const headers = [SETTING.MAX_HEADER_LIST_SIZE, HEADER_LIST_BYTES_MAX] as const;
  if (streamsMax >= STREAMS_UNLIMITED) return [headers];
  return [[SETTING.MAX_CONCURRENT_STREAMS, streamsMax], headers];
}

/** Takes the settings of a frame one after the other, up to one that may not be. */
export function applySettings(
  frame: Frame,
  sender: Sender,
  open: () => Iterable<Outgoing>,
): Fault | null {
  let window: number | null = null; // the last counts: a step in between could mean much work
  for (let at = frame.at; at < frame.end; at += 6) {
    const id = ((frame.bytes[at] as number) << 8) | (frame.bytes[at + 1] as number);
    const value = uint32(frame.bytes, at + 2);
    const fault = faultOf(id, value);
    if (fault !== null) return fault;
    if (id === SETTING.HEADER_TABLE_SIZE) sender.limitTable(value);
    if (id === SETTING.INITIAL_WINDOW_SIZE) window = value;
    if (id === SETTING.MAX_FRAME_SIZE) sender.setFrameBytesMax(value);
  }
  if (window === null || sender.setInitialWindow(window, open)) return null;
  return [CODE.FLOW_CONTROL_ERROR, "a window above 2^31-1"];
}

function faultOf(id: number, value: number): Fault | null {
  if (id === SETTING.INITIAL_WINDOW_SIZE && value > WINDOW_MAX) {
    return [CODE.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE above 2^31-1"];
  }
  if (id === SETTING.MAX_FRAME_SIZE && (value < 0x4000 || value > 0xffffff)) {
    return [CODE.PROTOCOL_ERROR, "MAX_FRAME_SIZE"];
  }
  if (id === SETTING.ENABLE_PUSH && value > 1) return [CODE.PROTOCOL_ERROR, "ENABLE_PUSH"];
  return null;
}
