// etcd's refusals as the suite expects them: gRPC code and words. Written out once more, on
// purpose: a changed word in core/api/errors.ts must show.

export const EMPTY_KEY = "error 3: etcdserver: key is not provided";
export const KEY_NOT_FOUND = "error 3: etcdserver: key not found";
export const VALUE_PROVIDED = "error 3: etcdserver: value is provided";
export const LEASE_PROVIDED = "error 3: etcdserver: lease is provided";
export const TOO_MANY_OPS = "error 3: etcdserver: too many operations in txn request";
export const DUPLICATE_KEY = "error 3: etcdserver: duplicate key given in txn request";
export const INVALID_SORT = "error 3: etcdserver: invalid sort option";
export const TOO_LARGE = "error 3: etcdserver: request is too large";
export const COMPACTED = "error 11: etcdserver: mvcc: required revision has been compacted";
export const FUTURE = "error 11: etcdserver: mvcc: required revision is a future revision";
export const LEASE_NOT_FOUND = "error 5: etcdserver: requested lease not found";
export const LEASE_EXISTS = "error 9: etcdserver: lease already exists";
export const TTL_TOO_LARGE = "error 11: etcdserver: too large lease TTL";
export const NOT_LEADER = "error 9: etcdserver: not leader";
export const BAD_TRANSFEREE = "error 9: etcdserver: bad leader transferee";
export const NO_SPACE = "error 8: etcdserver: mvcc: database space exceeded";
export const CORRUPT = "error 15: etcdserver: corrupt cluster";
export const DOWNGRADE_FORMAT = "error 3: etcdserver: wrong downgrade target version format";
export const DOWNGRADE_TARGET = "error 3: etcdserver: invalid downgrade target version";
export const DOWNGRADE_IN_PROCESS = "error 9: etcdserver: cluster has a downgrade job in progress";
