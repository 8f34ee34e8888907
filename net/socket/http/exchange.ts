// A request of plain HTTP and its answer, whichever version brought it. Bytes come as they arrive
// and go as there is room: who serves a call decides what is kept of them.

export type HttpHead = Readonly<Record<string, string | number>>;

export interface HttpExchange {
  readonly method: string;
  readonly path: string; // without the query
  readonly query: URLSearchParams;
  readonly connection: number;
  readonly isSecure: boolean;
  /** In the certificate of who asks; "": it has shown none. */
  readonly commonName: () => string;
  /** By its name in lower case; "": there is none. */
  readonly header: (name: string) => string;
  /** Is told each run of the body, good until it returns; and null at its end. */
  readonly read: (take: (bytes: Uint8Array | null) => void) => void;
  /** While it is held, not much more of the body is read. */
  readonly hold: (held: boolean) => void;
  /** The exchange lasts as long as both sides want, whatever is left of the body. */
  readonly lasts: () => void;
  /** What the answer has in its head besides, whatever it is. */
  readonly addHead: (head: HttpHead) => void;
  readonly begin: (status: number, head: HttpHead) => void;
  /** The bytes must not change afterwards. Whether there is room for more. */
  readonly write: (bytes: Uint8Array) => boolean;
  /** Once, when there is room again. */
  readonly onRoom: (then: () => void) => void;
  /** What is left to say goes with the end: a text costs less than bytes. */
  readonly end: (last: string | Uint8Array) => void;
  /** The answer has left, or nobody waits for it any more. */
  readonly onClose: (then: () => void) => void;
}

export type HttpHandler = (exchange: HttpExchange) => void;

/** An answer that is there at once. */
export function answer(
  exchange: HttpExchange,
  status: number,
  head: HttpHead,
  body: string | Uint8Array,
): void {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  exchange.begin(status, { ...head, "Content-Length": length });
  exchange.end(exchange.method === "HEAD" ? "" : body);
}
