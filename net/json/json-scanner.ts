// Where a JSON value ends in a stream of bytes, and whether it is one: a state machine that is fed
// as bytes arrive, looks at each of them once, and nests without recursion. The words for what is
// wrong are those of Go's encoding/json, which people find in their logs.

const DEPTH_MAX = 10_000;
const OPENS_OBJECT = 0x7b;
const OPENS_ARRAY = 0x5b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What the next byte is taken for. */
type State =
  | "value"
  | "value or ]"
  | "key or }"
  | "key"
  | "colon"
  | "after a value"
  | "string"
  | "escape"
  | "hex"
  | "literal"
  | "minus"
  | "zero"
  | "integer"
  | "point"
  | "fraction"
  | "e"
  | "sign"
  | "exponent";

export class JsonScanner {
  /** What is wrong with the bytes; "": nothing so far. */
  fault = "";
  #state: State = "value";
  readonly #open: number[] = []; // what the containers around were opened with
  #isKey = false; // the string that is read
  #hexLeft = 0;
  #literal = "";
  #literalAt = 0;

  /** The place behind the value that ends in [from, to); −1: it goes on, or something is wrong. */
  feed(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to) {
      if (this.#state === "string") at = this.#skipPlain(bytes, at, to);
      if (at === to) return -1;
      const state = this.#state;
      const byte = bytes[at] as number;
      if (isEndOfNumber(state) && !continuesNumber(state, byte)) {
        this.#ended();
        if (this.isOver) return at;
        continue;
      }
      at += 1;
      this.#take(byte);
      if (this.fault !== "") return -1;
      if (this.isOver) return at;
    }
    return -1;
  }

  /** Whether what was read is a value as it is, if no more comes. */
  get isWholeNumber(): boolean {
    return this.#open.length === 0 && isEndOfNumber(this.#state);
  }

  /** Whether nothing but space was read. */
  get isBlank(): boolean {
    return this.#open.length === 0 && this.#state === "value";
  }

  get isOver(): boolean {
    return this.#open.length === 0 && this.#state === "after a value";
  }

  /** Most bytes are in strings. */
  #skipPlain(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    for (; at < to; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) return at;
    }
    return at;
  }

  #take(byte: number): void {
    const char = String.fromCharCode(byte);
    switch (this.#state) {
      case "string":
        if (byte === QUOTE) return this.#endString();
        if (byte === BACKSLASH) return this.#to("escape");
        return this.#fail(char, "in string literal");
      case "escape":
        if (char === "u") return this.#beginHex();
        if ('"\\/bfnrt'.includes(char)) return this.#to("string");
        return this.#fail(char, "in string escape code");
      case "hex":
        if (!/[0-9a-fA-F]/.test(char)) {
          return this.#fail(char, "in \\u hexadecimal character escape");
        }
        this.#hexLeft -= 1;
        return this.#hexLeft === 0 ? this.#to("string") : undefined;
      case "literal":
        return this.#takeLiteral(char);
      case "minus":
      case "zero":
      case "integer":
      case "point":
      case "fraction":
      case "e":
      case "sign":
      case "exponent":
        return this.#takeNumber(this.#state, char);
      default:
        if (char === " " || char === "\t" || char === "\n" || char === "\r") return;
        return this.#takeStructure(this.#state, byte, char);
    }
  }

  #takeStructure(state: State, byte: number, char: string): void {
    switch (state) {
      case "key or }":
        if (char === "}") return this.#close();
        return this.#takeKey(byte, char);
      case "key":
        return this.#takeKey(byte, char);
      case "colon":
        if (char === ":") return this.#to("value");
        return this.#fail(char, "after object key");
      case "after a value":
        return this.#takeAfter(char);
      case "value or ]":
        if (char === "]") return this.#close();
        return this.#beginValue(byte, char);
      default:
        return this.#beginValue(byte, char);
    }
  }

  #takeAfter(char: string): void {
    const inObject = this.#open.at(-1) === OPENS_OBJECT;
    if (char === ",") return this.#to(inObject ? "key" : "value");
    if (char === (inObject ? "}" : "]")) return this.#close();
    this.#fail(char, inObject ? "after object key:value pair" : "after array element");
  }

  #takeKey(byte: number, char: string): void {
    if (byte !== QUOTE) return this.#fail(char, "looking for beginning of object key string");
    this.#isKey = true;
    this.#to("string");
  }

  #beginValue(byte: number, char: string): void {
    if (byte === OPENS_OBJECT || byte === OPENS_ARRAY) {
      if (this.#open.length === DEPTH_MAX) return this.#fail(char, "exceeded max depth");
      this.#open.push(byte);
      return this.#to(byte === OPENS_OBJECT ? "key or }" : "value or ]");
    }
    if (byte === QUOTE) {
      this.#isKey = false;
      return this.#to("string");
    }
    if (char === "-") return this.#to("minus");
    if (char === "0") return this.#to("zero");
    if (isDigit(char)) return this.#to("integer");
    const literal = LITERALS.find((word) => word.startsWith(char));
    if (literal === undefined) return this.#fail(char, "looking for beginning of value");
    this.#literal = literal;
    this.#literalAt = 1;
    this.#to("literal");
  }

  #takeLiteral(char: string): void {
    const expected = this.#literal.charAt(this.#literalAt++);
    if (char !== expected) {
      return this.#fail(char, `in literal ${this.#literal} (expecting '${expected}')`);
    }
    if (this.#literalAt === this.#literal.length) this.#ended();
  }

  #takeNumber(state: NumberState, char: string): void {
    const next = nextInNumber(state, char);
    if (next === null) return this.#fail(char, WRONG_IN_NUMBER[state]);
    this.#to(next);
  }

  #beginHex(): void {
    this.#hexLeft = 4;
    this.#to("hex");
  }

  #endString(): void {
    if (this.#isKey) this.#to("colon");
    else this.#ended();
  }

  #close(): void {
    this.#open.pop();
    this.#ended();
  }

  #ended(): void {
    this.#to("after a value");
  }

  #to(state: State): void {
    this.#state = state;
  }

  #fail(char: string, where: string): void {
    this.fault = `invalid character ${quoted(char)} ${where}`;
  }
}

const LITERALS: readonly string[] = ["true", "false", "null"];

type NumberState = Extract<
  State,
  "minus" | "zero" | "integer" | "point" | "fraction" | "e" | "sign" | "exponent"
>;

/** Of those that a number may not end in; in the others any byte may follow. */
const WRONG_IN_NUMBER: Readonly<Record<NumberState, string>> = {
  minus: "in numeric literal",
  zero: "",
  integer: "",
  point: "after decimal point in numeric literal",
  fraction: "",
  e: "in exponent of numeric literal",
  sign: "in exponent of numeric literal",
  exponent: "",
};

function isEndOfNumber(state: State): state is "zero" | "integer" | "fraction" | "exponent" {
  return state === "zero" || state === "integer" || state === "fraction" || state === "exponent";
}

function continuesNumber(state: NumberState, byte: number): boolean {
  return nextInNumber(state, String.fromCharCode(byte)) !== null;
}

function nextInNumber(state: NumberState, char: string): NumberState | null {
  switch (state) {
    case "minus":
      if (char === "0") return "zero";
      return isDigit(char) ? "integer" : null;
    case "integer":
      if (isDigit(char)) return "integer";
      return nextInNumber("zero", char);
    case "zero":
      if (char === ".") return "point";
      return char === "e" || char === "E" ? "e" : null;
    case "point":
      return isDigit(char) ? "fraction" : null;
    case "fraction":
      if (isDigit(char)) return "fraction";
      return char === "e" || char === "E" ? "e" : null;
    case "e":
      if (char === "+" || char === "-") return "sign";
      return isDigit(char) ? "exponent" : null;
    case "sign":
    case "exponent":
      return isDigit(char) ? "exponent" : null;
  }
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

/** As Go prints a byte in such a sentence. */
function quoted(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return "'\"'";
  const code = char.charCodeAt(0);
  const escape = GO_ESCAPES.get(char);
  if (escape !== undefined) return `'${escape}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, "0")}'`;
  return code >= 0x80 && (code < 0xa1 || code === 0xad)
    ? `'\\u00${code.toString(16)}'`
    : `'${char}'`;
}

const GO_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\u0007", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
]);
