// What etcd itself has given up, but old units still say; and what etcd has taken in silence for
// ten years.

import { accepted, booleanFlag, type Flag, flag, refused, type TableOf, textFlag } from "./flag.ts";
import { oneOf, parseUnsigned } from "./values.ts";

export type RetiredFlags = Readonly<{
  "enable-v2": boolean;
  "experimental-enable-v2v3": string;
  proxy: "off" | "readonly" | "on";
  "proxy-failure-wait": number;
  "proxy-refresh-interval": number;
  "proxy-dial-timeout": number;
  "proxy-write-timeout": number;
  "proxy-read-timeout": number;
  debug: boolean;
  "log-package-levels": string;
  "cluster-active-size": string;
  "cluster-remove-delay": string;
  "cluster-sync-interval": string;
  config: string;
  force: string;
  "max-result-buffer": string;
  "max-retry-attempts": string;
  "peer-heartbeat-interval": string;
  "peer-election-timeout": string;
  "retry-interval": string;
  snapshot: string;
  v: string;
  vv: string;
  "test.coverprofile": string;
  "test.outputdir": string;
}>;

export const RETIRED: TableOf<RetiredFlags> = {
  "enable-v2": accepted(
    "API v2 is not served, as in etcd since 3.6",
    booleanFlag("false", "Serve API v2."),
  ),
  "experimental-enable-v2v3": refused(
    "API v2 is not served, as in etcd since 3.6: leave it out",
    textFlag("", "Prefix of the keys under which API v2 would be served."),
  ),
  proxy: refused(
    "a proxy of API v2 is no member: leave it out",
    flag("off", oneOf(["off", "readonly", "on"]), "Be a proxy of API v2."),
  ),
  "proxy-failure-wait": unused(flag("5000", parseUnsigned, "Of the proxy.")),
  "proxy-refresh-interval": unused(flag("30000", parseUnsigned, "Of the proxy.")),
  "proxy-dial-timeout": unused(flag("1000", parseUnsigned, "Of the proxy.")),
  "proxy-write-timeout": unused(flag("5000", parseUnsigned, "Of the proxy.")),
  "proxy-read-timeout": unused(flag("0", parseUnsigned, "Of the proxy.")),
  debug: booleanFlag("false", "The same as --log-level=debug."),
  "log-package-levels": accepted(
    "one level is for all: --log-level",
    textFlag("", "Levels of single packages."),
  ),
  "cluster-active-size": forgotten(),
  "cluster-remove-delay": forgotten(),
  "cluster-sync-interval": forgotten(),
  config: forgotten(),
  force: forgotten(),
  "max-result-buffer": forgotten(),
  "max-retry-attempts": forgotten(),
  "peer-heartbeat-interval": forgotten(),
  "peer-election-timeout": forgotten(),
  "retry-interval": forgotten(),
  snapshot: forgotten(),
  v: forgotten(),
  vv: forgotten(),
  "test.coverprofile": forgotten(),
  "test.outputdir": forgotten(),
};

function unused<T>(described: Flag<T>): Flag<T> {
  return accepted("there is no proxy here", described);
}

/** Of etcd 0.4. Its boolean ones need no value, so none of them does. */
function forgotten(): Flag<string> {
  const meaning = "no release of API v3 has known it";
  return accepted(meaning, { ...textFlag("", "Of etcd before 2.0."), boolean: true });
}
