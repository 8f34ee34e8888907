// A persistent ordered map: a B+ tree of plain arrays and objects. Every change copies one path of
// small nodes and shares the rest, so a snapshot is a reference, and old versions stay readable for
// ever.
//
// Keys are strings or numbers, ordered by `<`. Iteration depends on the content only, never on the
// order of insertion: replicas with equal content are equal here too, which a `Map` would not give.
// A branch knows the smallest key and the size of each of its subtrees, so counting needs no walk.

import { assert, must } from "./assert.ts";
import {
  type Branch,
  branch,
  childFor,
  countBelow,
  halves,
  join,
  type Leaf,
  leaf,
  type Node,
  type OrderedKey,
  type OrderedMap,
  parentOf,
  rooted,
  runs,
  smallest,
  WIDTH_MAX,
  WIDTH_MIN,
} from "./ordered-map-nodes.ts";

export type { OrderedKey, OrderedMap };

/** To walk once. */
export type Entries<K, V> = IterableIterator<readonly [key: K, value: V]>;

const NOTHING: OrderedMap<never, never> = {
  size: 0,
  root: { kind: "leaf", size: 0, keys: [], values: [] },
};

export function createOrderedMap<K extends OrderedKey, V>(): OrderedMap<K, V> {
  return NOTHING;
}

/** A map from entries in strictly ascending order of their keys, in linear time. */
export function fromSorted<K extends OrderedKey, V>(
  sorted: readonly (readonly [key: K, value: V])[],
): OrderedMap<K, V> {
  if (sorted.length === 0) return createOrderedMap();
  for (let at = 1; at < sorted.length; at++) {
    const ascending = (sorted[at - 1] as readonly [K, V])[0] < (sorted[at] as readonly [K, V])[0];
    assert(ascending, `entry ${at} is not above the one before it`);
  }
  let level: readonly Node<K, V>[] = runs(sorted).map((run) =>
    leaf(
      run.map((entry) => entry[0]),
      run.map((entry) => entry[1]),
    ),
  );
  while (level.length > 1) level = runs(level).map((run) => branch(smallest(run), run));
  return rooted(must(level[0], "some entry makes some node"));
}

export function get<K extends OrderedKey, V>(map: OrderedMap<K, V>, key: K): V | null {
  let node = map.root;
  while (node.kind === "branch") node = node.children[childFor(node.keys, key)] as Node<K, V>;
  const at = countBelow(node.keys, key);
  return node.keys[at] === key ? (node.values[at] as V) : null;
}

/** True even where the value is null. */
export function has<K extends OrderedKey, V>(map: OrderedMap<K, V>, key: K): boolean {
  const entry = floorEntry(map, key);
  return entry !== null && entry[0] === key;
}

/** The map with this entry, in place of an older one with the same key. */
export function set<K extends OrderedKey, V>(
  map: OrderedMap<K, V>,
  key: K,
  value: V,
): OrderedMap<K, V> {
  const root = inserted(map.root, key, value);
  return rooted(root.keys.length <= WIDTH_MAX ? root : parentOf(halves(root)));
}

/** The map without this key; the very same map where it is absent. */
export function remove<K extends OrderedKey, V>(map: OrderedMap<K, V>, key: K): OrderedMap<K, V> {
  let root = removed(map.root, key);
  if (root === map.root) return map;
  if (root.kind === "branch" && root.children.length === 1) root = root.children[0] as Node<K, V>;
  return rooted(root);
}

export function first<K extends OrderedKey, V>(map: OrderedMap<K, V>): readonly [K, V] | null {
  let node = map.root;
  while (node.kind === "branch") node = node.children[0] as Node<K, V>;
  return entryAt(node, 0);
}

export function last<K extends OrderedKey, V>(map: OrderedMap<K, V>): readonly [K, V] | null {
  let node = map.root;
  while (node.kind === "branch") node = node.children[node.children.length - 1] as Node<K, V>;
  return entryAt(node, node.keys.length - 1);
}

/** The entry with the greatest key that is ≤ `key`. */
export function floorEntry<K extends OrderedKey, V>(
  map: OrderedMap<K, V>,
  key: K,
): readonly [K, V] | null {
  let node = map.root;
  while (node.kind === "branch") node = node.children[childFor(node.keys, key)] as Node<K, V>;
  const at = countBelow(node.keys, key);
  return entryAt(node, node.keys[at] === key ? at : at - 1);
}

/** How many keys lie in [from, to), in logarithmic time. An absent bound is no bound. */
export function countBetween<K extends OrderedKey, V>(
  map: OrderedMap<K, V>,
  from?: K,
  to?: K,
): number {
  const below = from === undefined ? 0 : rank(map.root, from);
  return Math.max(0, (to === undefined ? map.size : rank(map.root, to)) - below);
}

/** The entries with keys in [from, to), ascending. An absent bound is no bound. */
export function entries<K extends OrderedKey, V>(
  map: OrderedMap<K, V>,
  from?: K,
  to?: K,
): Entries<K, V> {
  const { root } = map;
  return root.kind === "leaf" ? pairs(root, from, to).values() : walk(map, from, to);
}

/** The same entries as `entries(map, from, to)`, the greatest key first. */
export function entriesDescending<K extends OrderedKey, V>(
  map: OrderedMap<K, V>,
  from?: K,
  to?: K,
): Entries<K, V> {
  const { root } = map;
  return root.kind === "leaf"
    ? pairs(root, from, to).toReversed().values()
    : walkBack(map, from, to);
}

/** Most maps are empty or small: to list one leaf is cheaper than to walk it. */
function pairs<K extends OrderedKey, V>(
  { keys, values }: Leaf<K, V>,
  from: K | undefined,
  to: K | undefined,
): (readonly [key: K, value: V])[] {
  const listed: (readonly [K, V])[] = [];
  const end = to === undefined ? keys.length : countBelow(keys, to);
  for (let at = from === undefined ? 0 : countBelow(keys, from); at < end; at++) {
    listed.push([keys[at] as K, values[at] as V]);
  }
  return listed;
}

function* walk<K extends OrderedKey, V>(
  map: OrderedMap<K, V>,
  from: K | undefined,
  to: K | undefined,
): Generator<readonly [key: K, value: V], void, undefined> {
  let lower = from;
  for (;;) {
    // One leaf at a time: the descent also finds the smallest key of the leaf that follows.
    let node = map.root;
    let next: K | undefined;
    while (node.kind === "branch") {
      const at: number = lower === undefined ? 0 : childFor(node.keys, lower);
      next = node.keys[at + 1] ?? next;
      node = node.children[at] as Node<K, V>;
    }
    const end = to === undefined ? node.keys.length : countBelow(node.keys, to);
    for (let at = lower === undefined ? 0 : countBelow(node.keys, lower); at < end; at++) {
      yield [node.keys[at] as K, node.values[at] as V];
    }
    if (next === undefined || end < node.keys.length) return;
    lower = next;
  }
}

function* walkBack<K extends OrderedKey, V>(
  map: OrderedMap<K, V>,
  from: K | undefined,
  to: K | undefined,
): Generator<readonly [key: K, value: V], void, undefined> {
  let upper = to;
  for (;;) {
    let node = map.root;
    while (node.kind === "branch") {
      const at: number = upper === undefined ? node.keys.length : countBelow(node.keys, upper);
      node = node.children[Math.max(0, at - 1)] as Node<K, V>;
    }
    const start = from === undefined ? 0 : countBelow(node.keys, from);
    const end = upper === undefined ? node.keys.length : countBelow(node.keys, upper);
    for (let at = end - 1; at >= start; at--) yield [node.keys[at] as K, node.values[at] as V];
    if (start > 0 || end === 0) return; // the range, or the map, begins in this leaf
    upper = node.keys[0];
  }
}

function inserted<K extends OrderedKey, V>(node: Node<K, V>, key: K, value: V): Node<K, V> {
  if (node.kind === "leaf") {
    const at = countBelow(node.keys, key);
    if (node.keys[at] === key) return leaf(node.keys, node.values.with(at, value));
    return leaf(node.keys.toSpliced(at, 0, key), node.values.toSpliced(at, 0, value));
  }
  const at = childFor(node.keys, key);
  const child = inserted(node.children[at] as Node<K, V>, key, value);
  if (child.keys.length <= WIDTH_MAX) return withChild(node, at, child);
  const [left, right] = halves(child);
  return branch(
    node.keys.toSpliced(at, 1, left.keys[0] as K, right.keys[0] as K),
    node.children.toSpliced(at, 1, left, right),
  );
}

function removed<K extends OrderedKey, V>(node: Node<K, V>, key: K): Node<K, V> {
  if (node.kind === "leaf") {
    const at = countBelow(node.keys, key);
    if (node.keys[at] !== key) return node;
    return leaf(node.keys.toSpliced(at, 1), node.values.toSpliced(at, 1));
  }
  const at = childFor(node.keys, key);
  const old = node.children[at] as Node<K, V>;
  const child = removed(old, key);
  if (child === old) return node;
  if (child.keys.length >= WIDTH_MIN) return withChild(node, at, child);
  return withNeighbour(node, at, child);
}

/** Joins a child that became too small with a neighbour, and halves what is too much for one. */
function withNeighbour<K extends OrderedKey, V>(
  node: Branch<K, V>,
  at: number,
  child: Node<K, V>,
): Node<K, V> {
  const leftAt = at === 0 ? 0 : at - 1;
  const joined =
    at === 0
      ? join(child, must(node.children[1], "a branch has two children"))
      : join(node.children[leftAt] as Node<K, V>, child);
  const parts = joined.keys.length <= WIDTH_MAX ? [joined] : halves(joined);
  return branch(
    node.keys.toSpliced(leftAt, 2, ...smallest(parts)),
    node.children.toSpliced(leftAt, 2, ...parts),
  );
}

function withChild<K extends OrderedKey, V>(
  node: Branch<K, V>,
  at: number,
  child: Node<K, V>,
): Branch<K, V> {
  const key = child.keys[0] as K;
  return {
    kind: "branch",
    size: node.size - (node.children[at] as Node<K, V>).size + child.size,
    keys: node.keys[at] === key ? node.keys : node.keys.with(at, key),
    children: node.children.with(at, child),
  };
}

function entryAt<K extends OrderedKey, V>(node: Leaf<K, V>, at: number): readonly [K, V] | null {
  if (at < 0 || at >= node.keys.length) return null;
  return [node.keys[at] as K, node.values[at] as V];
}

/** How many keys of the subtree are below `key`. */
function rank<K extends OrderedKey, V>(root: Node<K, V>, key: K): number {
  let node = root;
  let below = 0;
  while (node.kind === "branch") {
    const at = childFor(node.keys, key);
    for (let before = 0; before < at; before++) below += (node.children[before] as Node<K, V>).size;
    node = node.children[at] as Node<K, V>;
  }
  return below + countBelow(node.keys, key);
}
