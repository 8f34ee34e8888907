// Who belongs to the cluster. Replicated: changed by applied entries only, kept in the "members" table.

import type { NodeId } from "../contract.ts";

/** A member as etcd's Cluster service shows it. A member not yet started has no name and no client URL. */
export type Member = Readonly<{
  id: NodeId;
  name: string;
  peerUrls: readonly string[];
  clientUrls: readonly string[];
}>;
