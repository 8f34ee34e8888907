// A rolling digest of a run: two 32-bit lanes, fed with numbers, bytes and words in order. It tells
// two runs apart; it keeps no secrets. Speed matters: every event, input and effect goes through
// it.

export class Digest {
  #low = 0x243f6a88;
  #high = 0x85a308d3;

  number(value: number): void {
    this.#word(value | 0);
    if (value > 0x7fffffff || value < -0x80000000) this.#word(Math.floor(value / 0x100000000));
  }

  bigint(value: bigint): void {
    this.#word(Number(BigInt.asIntN(32, value)));
    this.#word(Number(BigInt.asIntN(32, value >> 32n)));
  }

  text(value: string): void {
    this.#word(value.length);
    for (let at = 0; at < value.length; at++) this.#word(value.charCodeAt(at));
  }

  bytes(value: Uint8Array): void {
    const whole = value.length & ~3;
    this.#word(value.length);
    for (let at = 0; at < whole; at += 4) {
      const low = (value[at] as number) | ((value[at + 1] as number) << 8);
      this.#word(low | ((value[at + 2] as number) << 16) | ((value[at + 3] as number) << 24));
    }
    for (let at = whole; at < value.length; at++) this.#word(value[at] as number);
  }

  /** Both lanes as one safe integer, for comparing. */
  value(): number {
    return (this.#high & 0x1fffff) * 0x100000000 + (this.#low >>> 0);
  }

  hex(): string {
    return word(this.#high) + word(this.#low);
  }

  #word(value: number): void {
    const low = Math.imul(this.#low ^ value, 0x9e3779b1);
    const high = Math.imul(this.#high + value, 0x85ebca6b);
    this.#low = ((low ^ (low >>> 15)) + high) | 0; // at once: a larger number would be boxed
    this.#high = ((high ^ (high >>> 13)) + (low << 7)) | 0;
  }
}

/** The digest of these bytes alone. */
export function digestBytes(bytes: Uint8Array): number {
  const digest = new Digest();
  digest.bytes(bytes);
  return digest.value();
}

function word(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
