// What a store and a state hold, as plain data that two of them can be compared by.

import type { Store } from "../apply/apply.ts";
import type { KvReader } from "../contract.ts";
import { ABOVE_ALL, EMPTY, fromBytes } from "../lib/bytes.ts";
import { entries, type OrderedMap } from "../lib/ordered-map.ts";

const TABLES = ["meta", "members", "keys", "leases", "alarms", "auth"] as const;

export function rowsIn(reader: KvReader): readonly string[] {
  return TABLES.flatMap((table) =>
    Array.from(reader.scan(table, EMPTY, ABOVE_ALL), ([key, value]) => {
      return `${table} ${JSON.stringify(key)} ${JSON.stringify(fromBytes(value))}`;
    }),
  );
}

/** All that it is made of but how, and but what a store is still to be given. */
export function contentOf({
  mvcc,
  lessor,
  auth,
  ...rest
}: Store): Readonly<Record<string, unknown>> {
  const histories = (map: typeof mvcc.index.live) =>
    plain(map).map(([key, { newest, older }]) => [key, newest, older === null ? [] : plain(older)]);
  return {
    ...rest,
    overlay: null,
    revision: mvcc.revision,
    compaction: mvcc.compaction,
    live: histories(mvcc.index.live),
    dead: histories(mvcc.index.dead),
    leases: plain(lessor.leases).map(([, lease]) => ({ ...lease, keys: plain(lease.keys) })),
    holders: plain(lessor.holders),
    auth: {
      ...auth,
      users: plain(auth.users),
      roles: plain(auth.roles),
      rights: plain(auth.rights),
    },
  };
}

function plain<K extends string | number, V>(map: OrderedMap<K, V>): readonly (readonly [K, V])[] {
  return [...entries(map)];
}
