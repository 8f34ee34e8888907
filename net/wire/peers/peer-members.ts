// What a member tells a process that wants to join its cluster.

import type { Member } from "../../../core/membership/membership.ts";
import { readMembers, writeMembers } from "../../../core/membership/membership.ts";
import type { ClusterId } from "../../../core/contract.ts";
import {
  atEnd,
  createReader,
  encoded,
  readFixed64,
  writeFixed64,
} from "../../../core/lib/binary.ts";

export type ClusterDescription = Readonly<{
  cluster: ClusterId;
  genesis: readonly Member[]; // who the members were when the cluster was new
  members: readonly Member[]; // who they are now
}>;

export function encodeDescription({ cluster, genesis, members }: ClusterDescription): Uint8Array {
  return encoded((writer) => {
    writeFixed64(writer, cluster);
    writeMembers(writer, genesis);
    writeMembers(writer, members);
  });
}

/** Null: these bytes describe no cluster. */
export function decodeDescription(bytes: Uint8Array): ClusterDescription | null {
  const reader = createReader(bytes);
  const cluster = readFixed64(reader) as ClusterId;
  const genesis = readMembers(reader);
  const members = readMembers(reader);
  return reader.failed || !atEnd(reader) ? null : { cluster, genesis, members };
}
