// What the table says of one flag: how it is read, what it means, and what becomes of whoever asks
// for it. A flag never does nothing in silence: it does its work, or one line says what it means
// here, or it ends the start.

import type { Result } from "../../../core/contract.ts";
import { parseBoolean, parseText } from "./values.ts";

/** Of a value other than the initial one; the initial one is always taken. */
export type Standing = Readonly<
  | { kind: "works" }
  | { kind: "accepted"; meaning: string } // "…": with one warning
  | { kind: "refused"; reason: string }
>;

export type Flag<T> = Readonly<{
  initial: string;
  help: string;
  boolean: boolean;
  parse: (text: string) => Result<T, string>;
  standing: Standing;
  /** What earlier releases called it. */
  older: readonly string[];
}>;

export type TableOf<Values> = { readonly [Name in keyof Values]: Flag<Values[Name]> };

export function flag<T>(initial: string, parse: Flag<T>["parse"], help: string): Flag<T> {
  return { initial, help, boolean: false, parse, standing: { kind: "works" }, older: [] };
}

export function textFlag(initial: string, help: string): Flag<string> {
  return flag(initial, parseText, help);
}

export function booleanFlag(initial: string, help: string): Flag<boolean> {
  return { ...flag(initial, parseBoolean, help), boolean: true };
}

export function accepted<T>(meaning: string, described: Flag<T>): Flag<T> {
  return { ...described, standing: { kind: "accepted", meaning } };
}

export function refused<T>(reason: string, described: Flag<T>): Flag<T> {
  return { ...described, standing: { kind: "refused", reason } };
}

/** `older`: what earlier releases called it. */
export function renamed<T>(older: readonly string[], described: Flag<T>): Flag<T> {
  return { ...described, older };
}

/** For a flag that releases until 3.6 called experimental. */
export function promoted<T>(name: string, described: Flag<T>): Flag<T> {
  return renamed([`experimental-${name}`], described);
}
