// Who counts what goes over the client port, whichever way calls come.

import type { Method } from "../wire/methods/methods.ts";

export interface CallMeter {
  readonly started: (method: Method) => void;
  readonly opened: (method: Method, version: string) => void; // by whose library, "" if unknown
  readonly received: (method: Method, bytes: number) => void; // a message
  readonly sent: (method: Method, bytes: number) => void;
  readonly handled: (method: Method, code: number) => void; // a call is over, by its gRPC status
  readonly refused: () => void; // a call that its connection had no stream left for
}
