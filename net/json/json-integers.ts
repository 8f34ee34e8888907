// Integers out of JSON's numbers: "5.0" and "5e0" are five, and what does not fit is none.

import type { Int64 } from "../wire/protobuf/varint.ts";

type IntegerType = "int64" | "uint64" | "uint32" | "enum";

const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** More than any 64 bits have. */
const DIGITS_MAX = 20;

const RANGES: Readonly<Record<IntegerType, readonly [min: bigint, max: bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  enum: [-(2n ** 31n), 2n ** 31n - 1n],
};

/** Null: the text is none of this type. */
export function readInteger(text: string, type: IntegerType): Int64 | null {
  const value = integerOf(text);
  if (value === null) return null;
  const [min, max] = RANGES[type];
  return value < min || value > max ? null : value;
}

/** A number where it is safe. */
function integerOf(text: string): Int64 | null {
  if (/^(?:0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  const [, sign = "", whole, fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
  if (whole === undefined) return null;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  if (digits === "") return 0;
  const shift = Number(exponent) - fraction.length;
  if (digits.length + shift > DIGITS_MAX) return null;
  const cut = shift < 0 ? digits.slice(shift) : "";
  if (-shift >= digits.length || !/^0*$/.test(cut)) return null;
  const kept = shift < 0 ? digits.slice(0, shift) : `${digits}${"0".repeat(shift)}`;
  const value = BigInt(`${sign}${kept}`);
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}
