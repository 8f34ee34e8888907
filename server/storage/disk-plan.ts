// Many DiskOps as few actions: neighbouring writes become one, and the syncs between appends to one
// file become a single one at the end. What an order relied on stays: nothing of another file, and
// nothing that changes bytes already written, is done before the syncs that stood in front of it.

import type { DiskOp, FileName } from "../../core/contract.ts";

export type DiskAction = Readonly<
  | { kind: "write"; file: FileName; offset: number; buffers: readonly Uint8Array[] }
  | { kind: "sync"; file: FileName }
  | { kind: "truncate"; file: FileName; length: number }
  | { kind: "remove"; file: FileName }
>;

/** Appends to one file, gathered; `end` is where the next one would have to begin. */
type Run = { file: FileName; offset: number; end: number; buffers: Uint8Array[]; sync: boolean };

export function planWrites(ops: readonly DiskOp[]): readonly DiskAction[] {
  const actions: DiskAction[] = [];
  let run: Run | null = null;
  const finishRun = (): void => {
    if (run === null) return;
    const { file, offset, buffers, sync } = run;
    if (buffers.length > 0) actions.push({ kind: "write", file, offset, buffers });
    if (sync) actions.push({ kind: "sync", file });
    run = null;
  };
  for (const op of ops) {
    if (op.kind === "write") {
      if (run === null || run.file !== op.file || run.end !== op.offset) {
        finishRun();
        run = { file: op.file, offset: op.offset, end: op.offset, buffers: [], sync: false };
      }
      run.buffers.push(op.bytes);
      run.end += op.bytes.length;
    } else if (op.kind === "sync" && run !== null && run.file === op.file) {
      run.sync = true;
    } else {
      finishRun();
      actions.push(op);
    }
  }
  finishRun();
  return actions;
}
