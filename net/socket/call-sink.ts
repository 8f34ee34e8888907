// Where the calls of clients go: the one seam between the client port and the server's queue.

import type { ApiError } from "../../core/api/errors.ts";
import type { Request, Response, StreamRequest, StreamResponse } from "../../core/api/request.ts";
import type { Result } from "../../core/contract.ts";

/** Takes the calls. A timeout is what is left of the client's deadline; null: it set none. */
export interface CallSink {
  /** `reply` is for the one answer of a call; the returned function tells that nobody waits for it
   *  any more. */
  readonly open: (
    request: Request,
    timeoutMs: number | null,
    reply: (result: Result<Response>) => void,
  ) => () => void;
  readonly openStream: (
    request: StreamRequest,
    timeoutMs: number | null,
    client: StreamEnd,
  ) => OpenStream;
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
