// The first byte of an entry's data. It is all that Raft reads of it.

export const MARKS = {
  nobody: 1, // a command in nobody's name: auth is off, or the member wants it itself
  caller: 2, // one in the name of a user
  change: 3, // one that changes who belongs to the cluster
} as const;
