// What steps say for what only a server can know.

/** Revisions from 1 on count from the revision at which the sequence begins, which is 1. What is
 *  not below this is meant as it is. */
export const RELATIVE_BELOW = 1_000_000;
/** The revision at which the key of an election was created. */
export const REIGN = 999_999;

/** The id of the first lease of the sequence whose id the server chose; the next has the next. */
export const CHOSEN: bigint = 1n << 61n;
/** The id of the first member; the next has the next, and then come those that are added. */
export const MEMBER: bigint = 1n << 60n;
const SYMBOLS = 1000n;

/** The member that leads, for whoever is asked. */
export const LEADER = 9;

/** The URLs of members that nobody is behind. */
export const STRANGERS: readonly string[] = ["near", "far"];

/** A user whose token no server gave. */
export const IMPOSTOR = "impostor";

/** For people; null: it is none. */
export function nameOfSymbol(value: bigint): string | null {
  if (value >= CHOSEN && value < CHOSEN + SYMBOLS) return `chosen${value - CHOSEN}`;
  if (value >= MEMBER && value < MEMBER + SYMBOLS) return `member${value - MEMBER}`;
  return null;
}
