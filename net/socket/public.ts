// `detcd/client`, as the package gives it away: a small client for any etcd, and what makes its
// requests and reads its answers.

export { createEtcdClient } from "./client.ts";
export type { ClientSecrets, EtcdClient } from "./client.ts";
export { deleteOf, putOf, rangeOf, txnOf, watchOf } from "../../core/api/testing.ts";
export type { Request, Response } from "../../core/api/request.ts";
export { fromBytes, fromText, toBytes } from "../../core/lib/bytes.ts";
