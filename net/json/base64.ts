// Base64 as protobuf's JSON takes it: of either alphabet, padded or not, with line breaks.

const STANDARD = /^[A-Za-z0-9+/]*$/;
const URL_SAFE = /^[A-Za-z0-9_-]*$/;

/** Null: the text is none. */
export function readBase64(text: string): Buffer | null {
  const isUrlSafe = text.includes("-") || text.includes("_");
  const padded = text.length % 4 === 0;
  const joined = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, "") : text;
  const body = padded ? joined.replace(/={1,2}$/, "") : joined;
  if (!(isUrlSafe ? URL_SAFE : STANDARD).test(body)) return null;
  if (padded ? joined.length % 4 !== 0 : body.length % 4 === 1) return null;
  return Buffer.from(body, "base64");
}
