// What one piece of long work may cost: rows that it looks at or writes, and bytes that it reads.
// It is counted down within one call, and a piece that may do anything gets on by one row at least.

export type Budget = { rows: number; bytes: number };

export const UNLIMITED: Readonly<Budget> = { rows: Infinity, bytes: Infinity };

export function isSpent({ rows, bytes }: Readonly<Budget>): boolean {
  return rows <= 0 || bytes <= 0;
}

export function spend(budget: Budget, rows: number, bytes = 0): void {
  budget.rows -= rows;
  budget.bytes -= bytes;
}
