// What this server calls itself. Clients gate features on the version of etcd that they believe
// they talk to, so it names the one whose behaviour is implemented and compared with, not the
// package's own.

export const ETCD_VERSION = "3.7.1";
export const DETCD_VERSION = "0.1.0";

/** "3.7", as a cluster agrees on it. */
export const CLUSTER_VERSION: string = ETCD_VERSION.split(".").slice(0, 2).join(".");
