// Header fields, and the table of the common ones that both sides know (RFC 7541, appendix A).

/** What a field may be in a request, decided once: most fields come again and again. */
export type Role = "method" | "scheme" | "path" | "authority" | "regular" | "forbidden";

/** Name and value are byte strings, one char per byte. */
export type Field = Readonly<{ name: string; value: string; role: Role }>;

/** What a field costs in a table and in a list. */
export function sizeOf(field: Field): number {
  return field.name.length + field.value.length + 32;
}

export function createField(name: string, value: string): Field {
  return { name, value, role: roleOf(name, value) };
}

/** RFC 9113 §8.2, §8.3: forbidden are fields that make a request malformed. */
function roleOf(name: string, value: string): Role {
  if (CONTROL.test(value)) return "forbidden";
  if (name.charAt(0) === ":") return PSEUDO.get(name) ?? "forbidden";
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) return "forbidden";
  if (name === "te" && value !== "trailers") return "forbidden";
  return CONNECTION_SPECIFIC.has(name) ? "forbidden" : "regular";
}

/** As in Go, all of them but the tab. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\n-\x1f\x7f]/;

const PSEUDO: ReadonlyMap<string, Role> = new Map([
  [":method", "method"],
  [":scheme", "scheme"],
  [":path", "path"],
  [":authority", "authority"],
]);

const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** Index 1 is the first. */
// prettier-ignore
export const STATIC_TABLE: readonly Field[] = [
  [":authority"], [":method", "GET"], [":method", "POST"], [":path", "/"],
  [":path", "/index.html"], [":scheme", "http"], [":scheme", "https"], [":status", "200"],
  [":status", "204"], [":status", "206"], [":status", "304"], [":status", "400"],
  [":status", "404"], [":status", "500"], ["accept-charset"], ["accept-encoding", "gzip, deflate"],
  ["accept-language"], ["accept-ranges"], ["accept"], ["access-control-allow-origin"], ["age"],
  ["allow"], ["authorization"], ["cache-control"], ["content-disposition"], ["content-encoding"],
  ["content-language"], ["content-length"], ["content-location"], ["content-range"],
  ["content-type"], ["cookie"], ["date"], ["etag"], ["expect"], ["expires"], ["from"], ["host"],
  ["if-match"], ["if-modified-since"], ["if-none-match"], ["if-range"], ["if-unmodified-since"],
  ["last-modified"], ["link"], ["location"], ["max-forwards"], ["proxy-authenticate"],
  ["proxy-authorization"], ["range"], ["referer"], ["refresh"], ["retry-after"], ["server"],
  ["set-cookie"], ["strict-transport-security"], ["transfer-encoding"], ["user-agent"], ["vary"],
  ["via"], ["www-authenticate"],
].map(([name = "", value = ""]) => createField(name, value));
