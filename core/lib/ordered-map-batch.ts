// Many changes of an ordered map at once: one pass over the nodes that they touch, where so many
// changes one by one would copy a path each.
//
//   changed    a node becomes what is left of it: some nodes of its height, or none
//   repaired   of neighbours in a row those that are too small are joined

import { assert } from "./assert.ts";
import { pushAll } from "./lists.ts";
import {
  branch,
  countBelow,
  type Leaf,
  leaf,
  type Node,
  type OrderedKey,
  type OrderedMap,
  rooted,
  runs,
  smallest,
  WIDTH_MIN,
} from "./ordered-map-nodes.ts";
import { createOrderedMap, remove, set } from "./ordered-map.ts";

/** Ascending keys and their new values; null: these keys go. */
type Batch<K, V> = Readonly<{ keys: readonly K[]; values: readonly V[] | null }>;

/** Below it a path for each change is copied sooner than the nodes are looked through. */
const BATCH_MIN = 8;

/** The map with these entries, in place of older ones with the same keys. */
export function setAll<K extends OrderedKey, V>(
  map: OrderedMap<K, V>,
  wanted: ReadonlyMap<K, V>,
): OrderedMap<K, V> {
  if (wanted.size < BATCH_MIN) {
    let next = map;
    for (const [key, value] of wanted) next = set(next, key, value);
    return next;
  }
  const keys = ascending([...wanted.keys()]);
  return withBatch(map, { keys, values: keys.map((key) => wanted.get(key) as V) });
}

/** The map without these keys, some of which may be absent. None is listed twice. */
export function removeAll<K extends OrderedKey, V>(
  map: OrderedMap<K, V>,
  keys: readonly K[],
): OrderedMap<K, V> {
  if (keys.length < BATCH_MIN) return keys.reduce((next, key) => remove(next, key), map);
  return withBatch(map, { keys: ascending(keys), values: null });
}

function withBatch<K extends OrderedKey, V>(
  { root }: OrderedMap<K, V>,
  batch: Batch<K, V>,
): OrderedMap<K, V> {
  let level = changed(root, batch, 0, batch.keys.length);
  while (level.length > 1) level = parents(level);
  let [top] = level;
  while (top?.kind === "branch" && top.children.length === 1) [top] = top.children;
  return top === undefined ? createOrderedMap() : rooted(top);
}

/** The node after the changes [from, to). */
function changed<K extends OrderedKey, V>(
  node: Node<K, V>,
  batch: Batch<K, V>,
  from: number,
  to: number,
): readonly Node<K, V>[] {
  if (from === to) return [node];
  if (node.kind === "leaf") return changedLeaf(node, batch, from, to);
  const children: Node<K, V>[] = [];
  let at = from;
  node.children.forEach((child, which) => {
    const next = node.keys[which + 1];
    const end = next === undefined ? to : countBelow(batch.keys, next, at, to);
    pushAll(children, changed(child, batch, at, end));
    at = end;
  });
  return parents(repaired(children));
}

function changedLeaf<K extends OrderedKey, V>(
  { keys, values }: Leaf<K, V>,
  batch: Batch<K, V>,
  from: number,
  to: number,
): readonly Node<K, V>[] {
  const leftKeys: K[] = [];
  const leftValues: V[] = [];
  let old = 0;
  const keep = (end: number): void => {
    for (; old < end; old++) {
      leftKeys.push(keys[old] as K);
      leftValues.push(values[old] as V);
    }
  };
  for (let at = from; at < to; at++) {
    const key = batch.keys[at] as K;
    keep(countBelow(keys, key, old, keys.length));
    if (keys[old] === key) old += 1;
    if (batch.values === null) continue;
    leftKeys.push(key);
    leftValues.push(batch.values[at] as V);
  }
  keep(keys.length);
  return leaves(leftKeys, leftValues);
}

/** Neighbours of one height, of which none is too small but one that is alone. */
function repaired<K extends OrderedKey, V>(nodes: readonly Node<K, V>[]): readonly Node<K, V>[] {
  const sound: Node<K, V>[] = [];
  for (const node of nodes) {
    const before = sound.at(-1);
    const isSmall = Math.min(node.keys.length, before?.keys.length ?? WIDTH_MIN) < WIDTH_MIN;
    if (before === undefined || !isSmall) {
      sound.push(node);
    } else {
      sound.pop();
      pushAll(sound, joined(before, node));
    }
  }
  return sound;
}

/** One node or two in place of two. A child that was alone has neighbours now. */
function joined<K extends OrderedKey, V>(
  left: Node<K, V>,
  right: Node<K, V>,
): readonly Node<K, V>[] {
  if (left.kind === "branch" && right.kind === "branch") {
    return parents(repaired([...left.children, ...right.children]));
  }
  assert(left.kind === "leaf" && right.kind === "leaf", "neighbours have one height");
  return leaves([...left.keys, ...right.keys], [...left.values, ...right.values]);
}

function leaves<K extends OrderedKey, V>(
  keys: readonly K[],
  values: readonly V[],
): readonly Node<K, V>[] {
  const runsOfValues = runs(values);
  return runs(keys).map((run, which) => leaf(run, runsOfValues[which] ?? []));
}

function parents<K extends OrderedKey, V>(nodes: readonly Node<K, V>[]): readonly Node<K, V>[] {
  return runs(nodes).map((run) => branch(smallest(run), run));
}

function ascending<K extends OrderedKey>(keys: readonly K[]): readonly K[] {
  return keys.toSorted((a, b) => (a < b ? -1 : 1));
}
