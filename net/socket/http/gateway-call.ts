// A call through the gateway that has one answer.

import { GRPC } from "../../../core/api/errors.ts";
import type { Response } from "../../../core/api/request.ts";
import type { Result } from "../../../core/contract.ts";
import { encodeJson, encodeJsonInParts } from "../../json/json-methods.ts";
import type { AnswerParts } from "../../wire/methods/answer-parts.ts";
import { NO_PARTS } from "../../wire/methods/answer-parts.ts";
import { answer } from "./exchange.ts";
import { ANSWER_HEAD, joined, NOTHING_SAID, refuse, requestOf } from "./gateway-answer.ts";
import type { GatewayCall, Taker } from "./gateway-answer.ts";

/** One value, one answer. What else the client says is read and dropped. */
export class UnaryCall implements Taker {
  readonly #call: GatewayCall;
  #begun = false;
  #over = false;
  #cancel: () => void = () => {};

  constructor(call: GatewayCall) {
    this.#call = call;
  }

  take(text: Result<string>): void {
    if (this.#begun) return;
    this.#begun = true;
    const { options, row, caller } = this.#call;
    const request = requestOf(this.#call, text);
    if (!request.ok) return this.#reply(request, NO_PARTS);
    if (text.ok) options.meter.received(row, text.value.length);
    const cancel = options.sink.open(request.value, caller, (result, parts) => {
      this.#reply(result, parts);
    });
    if (!this.#over) this.#cancel = cancel;
  }

  close(): void {
    this.take(NOTHING_SAID);
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancel();
    this.#call.options.meter.handled(this.#call.row, GRPC.CANCELED);
  }

  #reply(result: Result<Response>, parts: AnswerParts): void {
    if (this.#over) return;
    this.#over = true;
    const { options, exchange, row } = this.#call;
    options.meter.handled(row, result.ok ? 0 : result.error.code);
    if (!result.ok) return refuse(exchange, result.error);
    if (parts.length > 0) {
      return send(this.#call, encodeJsonInParts(row, result.value, parts));
    }
    const body = encodeJson(row, result.value);
    const whole = typeof body === "string" ? body : joined(body);
    options.meter.sent(row, whole.length);
    answer(exchange, 200, ANSWER_HEAD, whole);
  }
}

/** A large answer, as the client makes room for it. */
function send({ exchange, options, row }: GatewayCall, pieces: Iterator<Uint8Array>): void {
  exchange.begin(200, ANSWER_HEAD);
  const more = (): void => {
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
      options.meter.sent(row, next.value.length);
      if (!exchange.write(next.value)) return exchange.onRoom(more); // or nobody is there any more
    }
    exchange.end("");
  };
  more();
}
