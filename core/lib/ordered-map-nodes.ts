// The nodes of an ordered map (ordered-map.ts), and what every change of it makes them with.

import { assert, must } from "./assert.ts";

export type OrderedKey = string | number;

export type OrderedMap<K extends OrderedKey, V> = Readonly<{ size: number; root: Node<K, V> }>;

export type Node<K, V> = Leaf<K, V> | Branch<K, V>;
export type Leaf<K, V> = Readonly<{
  kind: "leaf";
  size: number;
  keys: readonly K[];
  values: readonly V[];
}>;
export type Branch<K, V> = Readonly<{
  kind: "branch";
  size: number; // of the whole subtree
  keys: readonly K[]; // the smallest key of each child
  children: readonly Node<K, V>[];
}>;

export const WIDTH_MAX: number = 32;
/** Below it a node joins its neighbour; under half, so that sizes may wobble. */
export const WIDTH_MIN: number = 10;

export function join<K extends OrderedKey, V>(left: Node<K, V>, right: Node<K, V>): Node<K, V> {
  const keys = [...left.keys, ...right.keys];
  if (left.kind === "leaf" && right.kind === "leaf") {
    return leaf(keys, [...left.values, ...right.values]);
  }
  assert(left.kind === "branch" && right.kind === "branch", "neighbours have one height");
  return branch(keys, [...left.children, ...right.children]);
}

export function halves<K extends OrderedKey, V>(
  node: Node<K, V>,
): readonly [left: Node<K, V>, right: Node<K, V>] {
  const middle = node.keys.length >> 1;
  const [low, high] = [node.keys.slice(0, middle), node.keys.slice(middle)];
  if (node.kind === "leaf") {
    return [leaf(low, node.values.slice(0, middle)), leaf(high, node.values.slice(middle))];
  }
  return [branch(low, node.children.slice(0, middle)), branch(high, node.children.slice(middle))];
}

export function parentOf<K extends OrderedKey, V>(children: readonly Node<K, V>[]): Branch<K, V> {
  return branch(smallest(children), children);
}

export function leaf<K extends OrderedKey, V>(
  keys: readonly K[],
  values: readonly V[],
): Leaf<K, V> {
  return { kind: "leaf", size: keys.length, keys, values };
}

export function branch<K extends OrderedKey, V>(
  keys: readonly K[],
  children: readonly Node<K, V>[],
): Branch<K, V> {
  let size = 0;
  for (const child of children) size += child.size;
  return { kind: "branch", size, keys, children };
}

export function rooted<K extends OrderedKey, V>(root: Node<K, V>): OrderedMap<K, V> {
  return { size: root.size, root };
}

export function smallest<K extends OrderedKey, V>(nodes: readonly Node<K, V>[]): readonly K[] {
  return nodes.map((node) => must(node.keys[0], "no node of a pair is empty"));
}

/** The child whose range holds `key`: the last one that begins at or below it, or the first. */
export function childFor<K extends OrderedKey>(keys: readonly K[], key: K): number {
  const at = countBelow(keys, key);
  return at > 0 && keys[at] !== key ? at - 1 : at;
}

/** How many of the sorted keys are below `key`: where it is, or where it would go. Those before
 *  `from` are known to be, and none from `to` on. */
export function countBelow<K extends OrderedKey>(
  keys: readonly K[],
  key: K,
  from = 0,
  to: number = keys.length,
): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as K) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Runs of nodes' width, as even as can be: none is too small to be a node. */
export function runs<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / WIDTH_MAX);
  const cuts = Array.from({ length: count }, (_, at) => at);
  return cuts.map((at) =>
    items.slice(
      Math.floor((at * items.length) / count),
      Math.floor(((at + 1) * items.length) / count),
    ),
  );
}
