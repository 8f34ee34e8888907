// What many ask for, in turns. Each piece is somebody's: a path of names tells whose, from the
// widest to the narrowest ("the user, the connection"). At every fork of the paths the branches
// take turns, so whoever asks for much waits behind himself. Names that are waiting only are kept.

export type Path = readonly (string | number)[];

type Branch<T> = {
  size: number; // of all that is below
  readonly branches: Map<string | number, Branch<T>>; // in the order of their turns
  readonly items: T[]; // where paths end
};

export class FairQueue<T> {
  readonly #root: Branch<T> = createBranch();

  get size(): number {
    return this.#root.size;
  }

  /** How much waits of whoever this is. */
  sizeOf(path: Path): number {
    let branch: Branch<T> | undefined = this.#root;
    for (const name of path) branch = branch?.branches.get(name);
    return branch?.size ?? 0;
  }

  /** Paths are of one length. */
  add(path: Path, item: T): void {
    let branch = this.#root;
    branch.size += 1;
    for (const name of path) {
      const next = branch.branches.get(name) ?? createBranch<T>();
      branch.branches.set(name, next);
      next.size += 1;
      branch = next;
    }
    branch.items.push(item);
  }

  /** What is next. */
  take(): T | null {
    return this.size === 0 ? null : takeFirst(this.#root);
  }

  /** Takes the newest piece of whoever has most of them waiting. */
  takeFromHeaviest(): T | null {
    return this.size === 0 ? null : takeHeaviest(this.#root);
  }
}

function createBranch<T>(): Branch<T> {
  return { size: 0, branches: new Map(), items: [] };
}

/** Whose turn it was is last from then on. */
function takeFirst<T>(branch: Branch<T>): T {
  branch.size -= 1;
  for (const [name, next] of branch.branches) {
    branch.branches.delete(name);
    const item = takeFirst(next);
    if (next.size > 0) branch.branches.set(name, next);
    return item;
  }
  return branch.items.shift() as T;
}

function takeHeaviest<T>(branch: Branch<T>): T {
  branch.size -= 1;
  let heaviest: string | number | null = null;
  let size = 0;
  for (const [name, next] of branch.branches) {
    if (next.size < size) continue;
    heaviest = name;
    size = next.size;
  }
  const next = heaviest === null ? undefined : branch.branches.get(heaviest);
  if (heaviest === null || next === undefined) return branch.items.pop() as T;
  const item = takeHeaviest(next);
  if (next.size === 0) branch.branches.delete(heaviest);
  return item;
}
