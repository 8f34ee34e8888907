// The words of etcd's enums, each at the place of its number. Binary messages carry the numbers;
// JSON has the words.

export const ENUMS: Readonly<Record<string, readonly string[]>> = {
  SortOrder: ["NONE", "ASCEND", "DESCEND"],
  SortTarget: ["KEY", "VERSION", "CREATE", "MOD", "VALUE"],
  CompareResult: ["EQUAL", "GREATER", "LESS", "NOT_EQUAL"],
  CompareTarget: ["VERSION", "CREATE", "MOD", "VALUE", "LEASE"],
  EventType: ["PUT", "DELETE"],
  FilterType: ["NOPUT", "NODELETE"],
  AlarmAction: ["GET", "ACTIVATE", "DEACTIVATE"],
  AlarmType: ["NONE", "NOSPACE", "CORRUPT"],
  DowngradeAction: ["VALIDATE", "ENABLE", "CANCEL"],
  PermissionType: ["READ", "WRITE", "READWRITE"],
  ServingStatus: ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"],
};
