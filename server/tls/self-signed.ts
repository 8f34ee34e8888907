// A certificate that a member makes for itself, in <data-dir>/fixtures, where etcd keeps its own.
// Nobody can know whose it is: it keeps listeners out, not impostors.

import * as fs from "node:fs";
import { join, resolve } from "node:path";
import { addressOf } from "../../net/socket/address.ts";
import { makeCertificate } from "../../net/socket/tls/make-certificate.ts";
import type { Log } from "../observe/log.ts";
import type { Pair } from "./certificate-files.ts";
import type { Side } from "./sides.ts";

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** Made at the first start. Errors of the system are thrown as they are. */
export async function selfSigned(
  side: Side,
  dataDirectory: string,
  years: number,
  log: Log,
): Promise<Pair> {
  const directory = resolve(join(dataDirectory, "fixtures", side.name));
  const flag = side.name === "client" ? "auto-tls" : "peer-auto-tls";
  const certificate = { flag, path: join(directory, "cert.pem") };
  const key = { flag, path: join(directory, "key.pem") };
  if (fs.existsSync(certificate.path) && fs.existsSync(key.path)) return { certificate, key };
  const until = new Date(Date.now() + years * YEAR_MS);
  log("warn", "automatically generate certificates", {
    "certificate-validity-bound-not-after": until.toISOString(),
  });
  const made = await makeCertificate({
    organization: "etcd",
    commonName: "",
    hosts: [...new Set(side.urls.flatMap(hostOf))],
    from: new Date(),
    until,
    signsOthers: true,
    uses: ["server", "client"],
    issuer: null,
  });
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  fs.writeFileSync(key.path, made.key, { mode: 0o600 });
  fs.writeFileSync(certificate.path, made.certificate, { mode: 0o600 });
  log("info", "created cert file", { path: certificate.path });
  log("info", "created key file", { path: key.path });
  return { certificate, key };
}

function hostOf(url: string): readonly string[] {
  const address = addressOf(url);
  return address.kind === "tcp" ? [address.host] : [];
}
