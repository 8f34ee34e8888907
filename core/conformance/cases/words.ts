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
export const BAD_TRANSFEREE = "error 9: etcdserver: bad leader transferee";
export const NO_SPACE = "error 8: etcdserver: mvcc: database space exceeded";
export const CORRUPT = "error 15: etcdserver: corrupt cluster";
export const DOWNGRADE_FORMAT = "error 3: etcdserver: wrong downgrade target version format";
export const DOWNGRADE_TARGET = "error 3: etcdserver: invalid downgrade target version";
export const DOWNGRADE_IN_PROCESS = "error 9: etcdserver: cluster has a downgrade job in progress";
export const USER_EMPTY = "error 3: etcdserver: user name is empty";
export const USER_EXISTS = "error 9: etcdserver: user name already exists";
export const USER_NOT_FOUND = "error 9: etcdserver: user name not found";
export const ROLE_EMPTY = "error 3: etcdserver: role name is empty";
export const ROLE_EXISTS = "error 9: etcdserver: role name already exists";
export const ROLE_NOT_FOUND = "error 9: etcdserver: role name not found";
export const ROLE_NOT_GRANTED = "error 9: etcdserver: role is not granted to the user";
export const PERMISSION_NOT_GRANTED = "error 9: etcdserver: permission is not granted to the role";
export const ROOT_USER_NOT_FOUND = "error 9: etcdserver: root user does not exist";
export const ROOT_ROLE_NOT_FOUND = "error 9: etcdserver: root user does not have root role";
export const AUTH_FAILED =
  "error 3: etcdserver: authentication failed, invalid user ID or password";
export const AUTH_NOT_ENABLED = "error 9: etcdserver: authentication is not enabled";
export const INVALID_TOKEN = "error 16: etcdserver: invalid auth token";
export const INVALID_AUTH_MANAGEMENT = "error 3: etcdserver: invalid auth management";
export const PERMISSION_NOT_GIVEN = "error 3: etcdserver: permission not given";
export const NO_PASSWORD_USER =
  "error 2: auth: authentication failed, password was given for no password user";
export const DENIED = "error 7: etcdserver: permission denied";
export const BAD_URLS = "error 3: etcdserver: given member URLs are invalid";
export const MEMBER_NOT_FOUND = "error 5: etcdserver: member not found";
export const NOT_A_LEARNER = "error 9: etcdserver: can only promote a learner member";
