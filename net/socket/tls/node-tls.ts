// Node's own TLS. An import would load it at each start, for twenty milliseconds: few want it.

import type * as Tls from "node:tls";

export function nodeTls(): typeof Tls {
  return process.getBuiltinModule("node:tls");
}
