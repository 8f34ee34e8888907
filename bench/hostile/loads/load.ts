// What a load is told of its life: it runs in a process of its own, says when it is under way, and
// goes on until it is asked for its result.

export interface Life {
  readonly ready: () => void;
  readonly ended: Promise<void>;
  readonly isOver: () => boolean;
}

/** Runs as many at a time of what never ends by itself, and resolves when all have seen the end. */
export async function together(count: number, run: (at: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, at) => run(at)));
}
