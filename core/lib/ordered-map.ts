import type { Brand } from "../contract.ts";
/** placeholder: the persistent B-tree's type, filled in by its author */
export type OrderedMap<K extends string | number, V> = Readonly<{
  size: number;
  root: Brand<K & V, "node"> | null;
}>;
