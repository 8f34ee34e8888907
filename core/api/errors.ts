// One table of errors: name, gRPC code, etcd's exact words, and whether the call *certainly did not
// happen* (`definite`), which is what a checker needs to know.
// Source: etcd api/v3rpc/rpctypes/error.go. Clients match on the words: never change one.

export type ApiError = Readonly<{
  name: string;
  code: GrpcCode;
  message: string;
  definite: boolean;
}>;

/** The status codes of gRPC that this server uses. */
export const GRPC = {
  CANCELED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type GrpcCode = (typeof GRPC)[keyof typeof GRPC];

export type ErrorName =
  | "EmptyKey"
  | "KeyNotFound"
  | "ValueProvided"
  | "LeaseProvided"
  | "TooManyOps"
  | "DuplicateKey"
  | "InvalidSortOption"
  | "RequestTooLarge"
  | "Compacted"
  | "FutureRevision"
  | "LeaseNotFound"
  | "LeaseExist"
  | "LeaseTTLTooLarge"
  | "RootUserNotExist"
  | "RootRoleNotExist"
  | "UserAlreadyExist"
  | "UserEmpty"
  | "UserNotFound"
  | "RoleAlreadyExist"
  | "RoleNotFound"
  | "RoleEmpty"
  | "NameTooLong"
  | "GrantsTooLarge"
  | "AuthFailed"
  | "NoPasswordUser"
  | "PasswordTooLong"
  | "PermissionNotGiven"
  | "PermissionDenied"
  | "RoleNotGranted"
  | "PermissionNotGranted"
  | "AuthNotEnabled"
  | "InvalidAuthToken"
  | "InvalidAuthMgmt"
  | "AuthOldRevision"
  | "VerifyOnly"
  | "TooManyRequests"
  | "NoSpace"
  | "WrongDowngradeVersionFormat"
  | "InvalidDowngradeTargetVersion"
  | "ClusterVersionUnavailable"
  | "DowngradeInProcess"
  | "UnknownAction"
  | "Corrupt"
  | "NotLeader"
  | "BadLeaderTransferee"
  | "TimeoutLeaderTransfer"
  | "MemberExist"
  | "PeerURLExist"
  | "MemberNotEnoughStarted"
  | "MemberBadURLs"
  | "MemberNotFound"
  | "MemberNotLearner"
  | "LearnerNotReady"
  | "TooManyLearners"
  | "Unhealthy"
  | "NotSupportedForLearner"
  | "NoLeader"
  | "Stopped"
  | "LeaderChanged"
  | "Timeout"
  | "TimeoutDueToLeaderFail"
  | "TimeoutDueToConnectionLost"
  | "DeadlineExceeded"
  | "Canceled"
  | "SessionExpired"
  | "ElectionNotLeader"
  | "ElectionNoLeader"
  | "UnknownService"
  | "MissingLeaderKey"
  | "StreamedSort"
  | "StreamedFilter"
  | "NoMessage"
  | "NoUnaryMessage";

// prettier-ignore
export const ERRORS: Readonly<Record<ErrorName, ApiError>> = {
  EmptyKey: never("EmptyKey", GRPC.INVALID_ARGUMENT, "etcdserver: key is not provided"),
  KeyNotFound: never("KeyNotFound", GRPC.INVALID_ARGUMENT, "etcdserver: key not found"),
  ValueProvided: never("ValueProvided", GRPC.INVALID_ARGUMENT, "etcdserver: value is provided"),
  LeaseProvided: never("LeaseProvided", GRPC.INVALID_ARGUMENT, "etcdserver: lease is provided"),
  TooManyOps: never("TooManyOps", GRPC.INVALID_ARGUMENT, "etcdserver: too many operations in txn request"),
  DuplicateKey: never("DuplicateKey", GRPC.INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request"),
  InvalidSortOption: never("InvalidSortOption", GRPC.INVALID_ARGUMENT, "etcdserver: invalid sort option"),
  RequestTooLarge: never("RequestTooLarge", GRPC.INVALID_ARGUMENT, "etcdserver: request is too large"),
  Compacted: never("Compacted", GRPC.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"),
  FutureRevision: never("FutureRevision", GRPC.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"),
  LeaseNotFound: never("LeaseNotFound", GRPC.NOT_FOUND, "etcdserver: requested lease not found"),
  LeaseExist: never("LeaseExist", GRPC.FAILED_PRECONDITION, "etcdserver: lease already exists"),
  LeaseTTLTooLarge: never("LeaseTTLTooLarge", GRPC.OUT_OF_RANGE, "etcdserver: too large lease TTL"),
  RootUserNotExist: never("RootUserNotExist", GRPC.FAILED_PRECONDITION, "etcdserver: root user does not exist"),
  RootRoleNotExist: never("RootRoleNotExist", GRPC.FAILED_PRECONDITION, "etcdserver: root user does not have root role"),
  UserAlreadyExist: never("UserAlreadyExist", GRPC.FAILED_PRECONDITION, "etcdserver: user name already exists"),
  UserEmpty: never("UserEmpty", GRPC.INVALID_ARGUMENT, "etcdserver: user name is empty"),
  UserNotFound: never("UserNotFound", GRPC.FAILED_PRECONDITION, "etcdserver: user name not found"),
  RoleAlreadyExist: never("RoleAlreadyExist", GRPC.FAILED_PRECONDITION, "etcdserver: role name already exists"),
  RoleNotFound: never("RoleNotFound", GRPC.FAILED_PRECONDITION, "etcdserver: role name not found"),
  RoleEmpty: never("RoleEmpty", GRPC.INVALID_ARGUMENT, "etcdserver: role name is empty"),
  // etcd has no words for these: it ends over a name that its own store cannot take.
  NameTooLong: never("NameTooLong", GRPC.INVALID_ARGUMENT, "etcdserver: the name of a user or a role has at most 1024 bytes"),
  GrantsTooLarge: never("GrantsTooLarge", GRPC.INVALID_ARGUMENT, "etcdserver: what is granted to one user or role takes at most 8 MiB"),
  AuthFailed: never("AuthFailed", GRPC.INVALID_ARGUMENT, "etcdserver: authentication failed, invalid user ID or password"),
  // These three are in nobody's table: Go's words, as they are.
  NoPasswordUser: never("NoPasswordUser", GRPC.UNKNOWN, "auth: authentication failed, password was given for no password user"),
  PasswordTooLong: never("PasswordTooLong", GRPC.UNKNOWN, "bcrypt: password length exceeds 72 bytes"),
  VerifyOnly: never("VerifyOnly", GRPC.UNKNOWN, "auth: token signing attempted with verify-only key"),
  PermissionNotGiven: never("PermissionNotGiven", GRPC.INVALID_ARGUMENT, "etcdserver: permission not given"),
  PermissionDenied: never("PermissionDenied", GRPC.PERMISSION_DENIED, "etcdserver: permission denied"),
  RoleNotGranted: never("RoleNotGranted", GRPC.FAILED_PRECONDITION, "etcdserver: role is not granted to the user"),
  PermissionNotGranted: never("PermissionNotGranted", GRPC.FAILED_PRECONDITION, "etcdserver: permission is not granted to the role"),
  AuthNotEnabled: never("AuthNotEnabled", GRPC.FAILED_PRECONDITION, "etcdserver: authentication is not enabled"),
  InvalidAuthToken: never("InvalidAuthToken", GRPC.UNAUTHENTICATED, "etcdserver: invalid auth token"),
  InvalidAuthMgmt: never("InvalidAuthMgmt", GRPC.INVALID_ARGUMENT, "etcdserver: invalid auth management"),
  AuthOldRevision: never("AuthOldRevision", GRPC.INVALID_ARGUMENT, "etcdserver: revision of auth store is old"),
  // Arrives as Unknown, as from a real etcd, whose table maps this one to the client's error type.
  TooManyRequests: never("TooManyRequests", GRPC.UNKNOWN, "etcdserver: too many requests"),
  WrongDowngradeVersionFormat: never("WrongDowngradeVersionFormat", GRPC.INVALID_ARGUMENT, "etcdserver: wrong downgrade target version format"),
  InvalidDowngradeTargetVersion: never("InvalidDowngradeTargetVersion", GRPC.INVALID_ARGUMENT, "etcdserver: invalid downgrade target version"),
  ClusterVersionUnavailable: never("ClusterVersionUnavailable", GRPC.FAILED_PRECONDITION, "etcdserver: cluster version not found during downgrade"),
  DowngradeInProcess: never("DowngradeInProcess", GRPC.FAILED_PRECONDITION, "etcdserver: cluster has a downgrade job in progress"),
  UnknownAction: never("UnknownAction", GRPC.UNKNOWN, "etcdserver: unknown method"),
  NoSpace: never("NoSpace", GRPC.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"),
  Corrupt: never("Corrupt", GRPC.DATA_LOSS, "etcdserver: corrupt cluster"),
  NotLeader: never("NotLeader", GRPC.FAILED_PRECONDITION, "etcdserver: not leader"),
  BadLeaderTransferee: never("BadLeaderTransferee", GRPC.FAILED_PRECONDITION, "etcdserver: bad leader transferee"),
  TimeoutLeaderTransfer: maybe("TimeoutLeaderTransfer", GRPC.UNKNOWN, "etcdserver: request timed out, leader transfer took too long"),
  MemberExist: never("MemberExist", GRPC.FAILED_PRECONDITION, "etcdserver: member ID already exist"),
  PeerURLExist: never("PeerURLExist", GRPC.FAILED_PRECONDITION, "etcdserver: Peer URLs already exists"),
  // Unknown, for the same reason as TooManyRequests.
  MemberNotEnoughStarted: never("MemberNotEnoughStarted", GRPC.UNKNOWN, "etcdserver: re-configuration failed due to not enough started members"),
  MemberBadURLs: never("MemberBadURLs", GRPC.INVALID_ARGUMENT, "etcdserver: given member URLs are invalid"),
  MemberNotFound: never("MemberNotFound", GRPC.NOT_FOUND, "etcdserver: member not found"),
  MemberNotLearner: never("MemberNotLearner", GRPC.FAILED_PRECONDITION, "etcdserver: can only promote a learner member"),
  LearnerNotReady: never("LearnerNotReady", GRPC.FAILED_PRECONDITION, "etcdserver: can only promote a learner member which is in sync with leader"),
  TooManyLearners: never("TooManyLearners", GRPC.FAILED_PRECONDITION, "etcdserver: too many learner members in cluster"),
  Unhealthy: never("Unhealthy", GRPC.UNAVAILABLE, "etcdserver: unhealthy cluster"),
  NotSupportedForLearner: never("NotSupportedForLearner", GRPC.FAILED_PRECONDITION, "etcdserver: rpc not supported for learner"),
  NoLeader: never("NoLeader", GRPC.UNAVAILABLE, "etcdserver: no leader"),
  Stopped: maybe("Stopped", GRPC.UNAVAILABLE, "etcdserver: server stopped"),
  LeaderChanged: maybe("LeaderChanged", GRPC.UNAVAILABLE, "etcdserver: leader changed"),
  Timeout: maybe("Timeout", GRPC.UNAVAILABLE, "etcdserver: request timed out"),
  TimeoutDueToLeaderFail: maybe("TimeoutDueToLeaderFail", GRPC.UNAVAILABLE, "etcdserver: request timed out, possibly due to previous leader failure"),
  TimeoutDueToConnectionLost: maybe("TimeoutDueToConnectionLost", GRPC.UNAVAILABLE, "etcdserver: request timed out, possibly due to connection lost"),
  DeadlineExceeded: maybe("DeadlineExceeded", GRPC.DEADLINE_EXCEEDED, "context deadline exceeded"),
  Canceled: maybe("Canceled", GRPC.CANCELED, "context canceled"),
  // Of locks and elections. A lock that was lost while its caller waited for it was never held.
  SessionExpired: maybe("SessionExpired", GRPC.UNKNOWN, "mutex: session is expired"),
  ElectionNotLeader: maybe("ElectionNotLeader", GRPC.UNKNOWN, "election: not leader"),
  ElectionNoLeader: never("ElectionNoLeader", GRPC.UNKNOWN, "election: no leader"),
  StreamedSort: never("StreamedSort", GRPC.UNIMPLEMENTED, "RangeStream does not support custom sort orders"),
  StreamedFilter: never("StreamedFilter", GRPC.UNIMPLEMENTED, "RangeStream does not support revision filters"),
  UnknownService: never("UnknownService", GRPC.NOT_FOUND, "unknown service"),
  // grpc-go's words depend on whether one answer was to come, or many.
  NoUnaryMessage: never("NoUnaryMessage", GRPC.UNKNOWN, "EOF"),
  NoMessage: never("NoMessage", GRPC.INTERNAL, "cardinality violation: received no request message from non-client-streaming RPC"),
  MissingLeaderKey: never("MissingLeaderKey", GRPC.UNKNOWN, '"leader" field must be provided'),
};

/** The driver's own sentence. The store is as it was. */
export function defragmentFailed(reason: string): ApiError {
  return never("DefragmentFailed", GRPC.UNKNOWN, `etcdserver: ${reason}`);
}

/** A message that this server cannot read at all. */
export function malformed(reason: string): ApiError {
  const words = `grpc: error unmarshalling request: ${reason}`;
  return never("Malformed", GRPC.INTERNAL, words);
}

/** The same on a stream, and for clients: grpc-go has other words there. */
export function malformedItem(reason: string): ApiError {
  const words = `grpc: failed to unmarshal the received message: ${reason}`;
  return never("MalformedItem", GRPC.INTERNAL, words);
}

export function messageTooLarge(bytes: number, limit: number): ApiError {
  const words = `grpc: received message larger than max (${bytes} vs. ${limit})`;
  return never("MessageTooLarge", GRPC.RESOURCE_EXHAUSTED, words);
}

export function unknownMethod(method: string, service: string): ApiError {
  const words = `unknown method ${method} for service ${service}`;
  return never("UnknownMethod", GRPC.UNIMPLEMENTED, words);
}

/** Certainly did not happen. */
function never(name: string, code: GrpcCode, message: string): ApiError {
  return { name, code, message, definite: true };
}

/** May have happened, or may still happen. */
function maybe(name: string, code: GrpcCode, message: string): ApiError {
  return { name, code, message, definite: false };
}
