// A stream of etcd through the gateway: values of JSON in the body, a line of JSON for each answer.

import { GRPC } from "../../../core/api/errors.ts";
import type { ApiError } from "../../../core/api/errors.ts";
import { isStreamRequest } from "../../../core/api/request.ts";
import type { StreamRequest, StreamResponse } from "../../../core/api/request.ts";
import type { Result } from "../../../core/contract.ts";
import { assert } from "../../../core/lib/assert.ts";
import { encodeJsonLine } from "../../json/json-methods.ts";
import type { OpenStream } from "../call-sink.ts";
import { StreamFlow } from "../flow/stream-flow.ts";
import { answer } from "./exchange.ts";
import {
  ANSWER_HEAD,
  failLine,
  joined,
  NOTHING_SAID,
  refuse,
  refuseStream,
  requestOf,
} from "./gateway-answer.ts";
import type { Fault, GatewayCall, Taker } from "./gateway-answer.ts";

export class StreamCall implements Taker {
  readonly #call: GatewayCall;
  readonly #flow: StreamFlow;
  #server: OpenStream | null = null;
  #answered = false; // the head was sent
  #full = false; // of what the client does not read
  #fault: Fault | null = null; // of what the client said
  #over = false;

  constructor(call: GatewayCall) {
    this.#call = call;
    this.#flow = new StreamFlow({
      credit: (items) => this.#server?.credit(items),
      hold: (held) => call.exchange.hold(held),
      hasRoom: () => !this.#full,
    });
  }

  take(text: Result<string>): void {
    if (this.#over || this.#fault !== null) return;
    const { options, row } = this.#call;
    if (row.stream === "server" && this.#server !== null) return; // it has said all there is
    const request = requestOf(this.#call, text);
    if (!request.ok) return this.#fail(request.error);
    if (text.ok) options.meter.received(row, text.value.length);
    assert(isStreamRequest(request.value), `${row.path} is no stream`);
    if (request.value.kind === "lease_keep_alive") this.#flow.asked();
    if (this.#server === null) this.#open(request.value);
    else this.#server.say(request.value);
  }

  /** As in etcd, keep-alives are over with their last, and watches are not. */
  close(): void {
    if (this.#over || this.#fault !== null) return;
    if (this.#server === null && this.#call.row.kind === "lease_keep_alive") return this.#end(null);
    if (this.#server === null) this.take(NOTHING_SAID);
    this.#server?.close();
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#server?.cancel();
    this.#call.options.meter.handled(this.#call.row, GRPC.CANCELED);
  }

  #open(first: StreamRequest): void {
    const { options, caller, exchange } = this.#call;
    exchange.lasts();
    this.#server = options.sink.openStream(first, caller, {
      push: (response) => this.#push(response),
      end: (error) => this.#end(error),
    });
  }

  #push(response: StreamResponse): void {
    if (this.#over) return;
    if (response.kind === "lease_keep_alive") this.#flow.answered();
    const { options, exchange, row } = this.#call;
    this.#begin();
    const line = joined(encodeJsonLine(row, response));
    options.meter.sent(row, line.length);
    if (!exchange.write(line) && !this.#full) {
      this.#full = true;
      exchange.onRoom(() => {
        this.#full = false;
        this.#flow.giveBack();
      });
    }
    this.#flow.pushed(line.length);
  }

  #begin(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#call.exchange.begin(200, ANSWER_HEAD);
  }

  /** What the client said makes no sense. What it said before is answered. */
  #fail(error: ApiError): void {
    if (this.#server === null) {
      this.#finish(error);
      return refuse(this.#call.exchange, error);
    }
    this.#fault = error;
    if (this.#call.row.kind === "lease_keep_alive") return this.#server.close();
    this.#server.cancel();
    this.#end(error);
  }

  #end(why: Fault | null): void {
    if (this.#over) return;
    const error = why ?? this.#fault;
    this.#finish(error);
    const { exchange } = this.#call;
    if (error !== null && !this.#answered) return refuseStream(exchange, error);
    if (!this.#answered) return answer(exchange, 200, {}, "");
    exchange.end(error === null ? "" : failLine(error));
  }

  #finish(error: Fault | null): void {
    this.#over = true;
    this.#call.options.meter.handled(this.#call.row, error?.code ?? 0);
  }
}
