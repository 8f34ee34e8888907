// `detcd/core`, as the package gives it away: the contract, the state machine, and what makes
// requests. Whoever writes a driver of its own holds it against the laws (core/laws/).

export type * from "./contract.ts";
export { createConfig, DEFAULT_LIMITS } from "./config.ts";
export type { Config, Limits } from "./config.ts";
export { boot, step } from "./node.ts";
export type { NodeState } from "./node-state.ts";
export { fromBytes, fromText, toBytes } from "./lib/bytes.ts";
