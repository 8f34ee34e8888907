// Where the calls of clients go: the one seam between the client port and the server's queue.

import type { ApiError } from "../../core/api/errors.ts";
import type { Request, Response, StreamRequest, StreamResponse } from "../../core/api/request.ts";
import type { Result } from "../../core/contract.ts";
import type { AnswerParts } from "../wire/methods/answer-parts.ts";

/** What a client says of itself. A timeout is what is left of its deadline; null: it set none. */
export type Caller = Readonly<{
  timeoutMs: number | null;
  token: string;
  commonName: string; // in its certificate, where that says who it is; "": it does not
  requireLeader: boolean;
  connection: number; // the same for all calls of one
}>;

/** Takes the calls. */
export interface CallSink {
  /** `reply` is for the one answer of a call, and the parts of it that were made before; the
   *  returned function tells that nobody waits for it any more. */
  readonly open: (
    request: Request,
    caller: Caller,
    reply: (result: Result<Response>, parts: AnswerParts) => void,
  ) => () => void;
  readonly openStream: (request: StreamRequest, caller: Caller, client: StreamEnd) => OpenStream;
}

/** The client's end of a stream: what it is told. */
export interface StreamEnd {
  readonly push: (response: StreamResponse) => void;
  readonly end: (error: ApiError | null) => void;
}

/** The server's end of a stream: what it is told. */
export interface OpenStream {
  readonly say: (request: StreamRequest) => void;
  readonly credit: (items: number) => void; // as many pushes have left for the client
  readonly close: () => void; // the client says no more
  readonly cancel: () => void; // the client has gone
}
