// `detcd/checker`, as the package gives it away: the judges of a history, of any etcd's or of a
// sequential model of one's own.

export type { Operation, Outcome } from "./history.ts";
export { checkLinearizable } from "./linearizability/linearizability.ts";
export type { Model } from "./linearizability/linearizability.ts";
export { checkRevisionOrder } from "./linearizability/revision-order.ts";
export { historyOfKeys } from "./model/history-of-keys.ts";
export { explain } from "./verdict/explain.ts";
export { flawOfOrder, validityOf } from "./verdict/certificate.ts";
export type { Certificate, Verdict } from "./verdict/verdict.ts";
export { RULES } from "./rules.ts";
export type { Complaint, Rule, RuleId } from "./rules.ts";
