// For tests: nobody counts.

import type { PeerMeter } from "./peer-meter.ts";

export const NO_METER: PeerMeter = {
  sent: () => undefined,
  received: () => undefined,
  sendFailed: () => undefined,
  answered: () => undefined,
};
