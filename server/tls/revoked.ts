// Certificates that their CA takes back before their time: a list in a file, by serial numbers. As
// in etcd, the list's own signature is not asked for; whoever can write the file may write any.

import type { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { bad, stampOfFile } from "./certificate-files.ts";
import type { File } from "./sides.ts";

/** Why a certificate, or one that vouches for it, is good no more. Null: it still is. */
export type WhyRevoked = (certificate: X509Certificate) => Promise<string | null>;

/** Rejects with what the operator has to mend. A list that cannot be read later lets nobody in. */
export async function openRevoked(file: File): Promise<WhyRevoked> {
  let stamp = stampOfFile(file);
  let serials: ReadonlySet<string> | null = await readSerials(file);
  return async (certificate) => {
    const fresh = stampOfFile(file);
    if (fresh !== stamp || serials === null) {
      serials = await readSerials(file).catch(() => null);
      stamp = fresh;
    }
    if (serials === null) return `${file.path} cannot be read`;
    for (let each: X509Certificate | undefined = certificate; each; each = each.issuerCertificate) {
      const serial = bare(each.serialNumber);
      if (serials.has(serial)) return `transport: certificate serial ${serial} revoked`;
    }
    return null;
  };
}

async function readSerials(file: File): Promise<ReadonlySet<string>> {
  const { CertificateRevocationList } = await import("pkijs");
  try {
    const bytes = readFileSync(file.path);
    const list = CertificateRevocationList.fromBER(Uint8Array.from(derOf(bytes)).buffer);
    const revoked = list.revokedCertificates ?? [];
    return new Set(
      revoked.map(({ userCertificate }) =>
        bare(Buffer.from(userCertificate.valueBlock.valueHexView).toString("hex")),
      ),
    );
  } catch (error) {
    throw bad(file, `it is no certificate revocation list (${(error as Error).message})`);
  }
}

function derOf(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  if (!text.startsWith("-----")) return bytes;
  return Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
}

/** In small letters, without the zeros in front. */
function bare(hex: string): string {
  return hex.toLowerCase().replace(/^0+/, "");
}
