// Which cluster a member belongs to, and how the members agree: etcd's group "Clustering".

import { parseUrls } from "../../urls.ts";
import { accepted, booleanFlag, flag, refused, type Flag, type TableOf, textFlag } from "./flag.ts";
import {
  type InitialMember,
  oneOf,
  parseDuration,
  parseInitialCluster,
  parseList,
} from "./values.ts";

export type ClusteringFlags = Readonly<{
  "initial-advertise-peer-urls": readonly string[];
  "initial-cluster": readonly InitialMember[];
  "initial-cluster-state": "new" | "existing";
  "initial-cluster-token": string;
  "advertise-client-urls": readonly string[];
  discovery: string;
  "discovery-token": string;
  "discovery-endpoints": readonly string[];
  "discovery-dial-timeout": number;
  "discovery-request-timeout": number;
  "discovery-keepalive-time": number;
  "discovery-keepalive-timeout": number;
  "discovery-insecure-transport": boolean;
  "discovery-insecure-skip-tls-verify": boolean;
  "discovery-cert": string;
  "discovery-key": string;
  "discovery-cacert": string;
  "discovery-user": string;
  "discovery-password": string;
  "discovery-fallback": string;
  "discovery-proxy": string;
  "discovery-srv": string;
  "discovery-srv-name": string;
  "strict-reconfig-check": boolean;
  "pre-vote": boolean;
  "auto-compaction-retention": string;
  "auto-compaction-mode": "periodic" | "revision";
  "v2-deprecation": string;
}>;

const V2_STAGES = [
  "not-yet",
  "write-only",
  "write-only-skip-check",
  "write-only-drop-data",
  "gone",
];

export const CLUSTERING: TableOf<ClusteringFlags> = {
  "initial-advertise-peer-urls": flag(
    "http://localhost:2380",
    parseUrls,
    "This member's peer URLs, as the other members reach them.",
  ),
  "initial-cluster": flag(
    "",
    parseInitialCluster,
    "All members of a new cluster: name=url,name=url (default: this member alone).",
  ),
  "initial-cluster-state": flag(
    "new",
    oneOf(["new", "existing"]),
    "'new', or 'existing' to join a running cluster after \"etcdctl member add\".",
  ),
  "initial-cluster-token": textFlag(
    "etcd-cluster",
    "A word that makes this cluster's ids unlike any other's.",
  ),
  "advertise-client-urls": flag(
    "http://localhost:2379",
    parseUrls,
    "This member's client URLs, as clients reach them.",
  ),
  discovery: discovery(textFlag("", "URL of a discovery service of API v2.")),
  "discovery-token": discovery(textFlag("", "Token of the cluster to find.")),
  "discovery-endpoints": discovery(flag("", parseList, "Endpoints of the discovery service.")),
  "discovery-dial-timeout": idle(flag("2s", parseDuration, "Longest time to connect.")),
  "discovery-request-timeout": idle(flag("5s", parseDuration, "Longest time for an answer.")),
  "discovery-keepalive-time": idle(flag("2s", parseDuration, "Time between two pings.")),
  "discovery-keepalive-timeout": idle(flag("6s", parseDuration, "Time to answer a ping.")),
  "discovery-insecure-transport": idle(booleanFlag("true", "Ask without TLS.")),
  "discovery-insecure-skip-tls-verify": idle(booleanFlag("false", "Trust any certificate.")),
  "discovery-cert": idle(textFlag("", "Certificate file to present.")),
  "discovery-key": idle(textFlag("", "Key file of that certificate.")),
  "discovery-cacert": idle(textFlag("", "CA file to verify the service with.")),
  "discovery-user": idle(textFlag("", "User, or user:password.")),
  "discovery-password": idle(textFlag("", "Password of that user.")),
  "discovery-fallback": idle(
    flag("exit", oneOf(["exit", "proxy"]), "What to do when discovery fails."),
  ),
  "discovery-proxy": idle(textFlag("", "HTTP proxy on the way to the service.")),
  "discovery-srv": discovery(textFlag("", "DNS domain whose SRV records name the members.")),
  "discovery-srv-name": discovery(textFlag("", "Suffix of the DNS service name.")),
  "strict-reconfig-check": booleanFlag(
    "true",
    "Refuse changes of members that would leave too few that have started.",
  ),
  "pre-vote": booleanFlag("true", "Ask before an election whether it could be won."),
  "auto-compaction-retention": textFlag(
    "0",
    "History that is kept: hours or a duration ('5m'), or revisions (0: all of it).",
  ),
  "auto-compaction-mode": flag(
    "periodic",
    oneOf(["periodic", "revision"]),
    "What --auto-compaction-retention means: a time, or a number of revisions.",
  ),
  "v2-deprecation": accepted(
    "there is no v2 store here",
    flag("write-only", oneOf(V2_STAGES), "Phase of the v2 store's end."),
  ),
};

function discovery<T>(described: Flag<T>): Flag<T> {
  return refused("members are not discovered here: name them in --initial-cluster", described);
}

function idle<T>(described: Flag<T>): Flag<T> {
  return accepted("members are not discovered here: nothing reads it", described);
}
