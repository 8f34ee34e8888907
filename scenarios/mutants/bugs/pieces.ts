// Planted bugs of what is done in pieces: entries, the end of leases, defragmentations.

import type { Mutant } from "./mutant.ts";

const LARGE = "core/apply/large.ts";

export const PIECES_MUTANTS: readonly Mutant[] = [
  {
    name: "half-done-shows",
    bug: "Readers see what the first pieces of a deletion took, before it is done.",
    file: "core/step/apply-committed.ts",
    find: "turn.state = { ...turn.state, applying: progress.applying };",
    replace:
      "const { mvcc, overlay } = progress.applying.store;\n" +
      "    batch.store = { ...batch.store, overlay,\n" +
      "      mvcc: { ...batch.store.mvcc, index: mvcc.index } };\n" +
      "    turn.state = { ...turn.state, applying: progress.applying,\n" +
      "      store: { ...turn.state.store, overlay,\n" +
      "        mvcc: { ...turn.state.store.mvcc, index: mvcc.index } } };",
    oracle: "linearizability",
    scenario: "giants",
    seeds: [1, 20],
  },
  {
    name: "piece-done-twice",
    bug: "The second piece of a large transaction is done twice.",
    file: LARGE,
    find: 'const left: Work = { kind: "request", of: further };',
    replace:
      "const isSecond = applying.writes.length === 1;\n" +
      "    const again = isSecond ? { ...further, stage: work.stage } : further;\n" +
      '    const left: Work = { kind: "request", of: again };',
    oracle: "kv-agreement",
    scenario: "giants",
    seeds: [1, 20],
  },
  {
    name: "revision-of-each-piece",
    bug: "Each piece of a large entry is a revision of its own.",
    file: "core/mvcc/txn/kv-work.ts",
    find: "openChange(work.mvcc, view, work.main, work.written);",
    replace: "openChange(work.mvcc, view, nextRevision(work.mvcc.revision), 0);",
    oracle: "kv-agreement",
    scenario: "giants",
    seeds: [1, 20],
  },
  {
    name: "lease-end-skips-a-key",
    bug: "The end of a lease forgets the key with which its next piece begins.",
    file: LARGE,
    find: "rows: rows + change.writes.length, from: further };",
    replace: "rows: rows + change.writes.length,\n      from: `${further}\\0` as Bytes };",
    oracle: "O2",
    scenario: "giants",
    seeds: [9, 20],
  },
  {
    name: "lease-end-stops-early",
    bug: "The end of a lease takes the keys of its first piece, and no more.",
    file: LARGE,
    find: "if (further !== null) {",
    replace: "if (further !== null && rows > 0) {",
    oracle: "O2",
    scenario: "giants",
    seeds: [9, 20],
  },
  {
    name: "overlay-confirmed-at-once",
    bug: "What was issued is not laid over the store any more, though it has not landed yet.",
    file: "core/kv/overlay.ts",
    find: "if (oldest === null || oldest[0] > confirmed) break;",
    replace: "if (oldest === null) break;",
    oracle: "assertion",
    scenario: "giants",
    seeds: [15, 30],
  },
  {
    name: "resumed-in-vain",
    bug: "A watcher that has gone keeps its member asking to be resumed.",
    file: "core/step/streaming.ts",
    find: "return watching.goesOn && watching.hub.behind.size > 0 && installing === null;",
    replace: "return watching.goesOn && installing === null;",
    oracle: "no-idle-resume",
    scenario: "giants",
    seeds: [1, 40],
  },
  {
    name: "overlay-never-tidied",
    bug: "A resume leaves what may go from the overlay where it is.",
    file: "core/step/chores.ts",
    find: "if (installing !== null || !hasConfirmed(store.overlay)) return;",
    replace: "if (installing === null || !hasConfirmed(store.overlay)) return;",
    oracle: "no-idle-resume",
    scenario: "giants",
    seeds: [1, 20],
  },
  {
    name: "defragment-answered-at-once",
    bug: "Who asks while a defragmentation is under way is told of the end of that one.",
    file: "core/services/maintenance/defragment.ts",
    find: "for (const call of asked) {",
    replace: "for (const call of [...asked, ...next]) {",
    oracle: "defragment-answered",
    scenario: "giants",
    seeds: [29, 40],
  },
  {
    name: "defragment-failed-unsaid",
    bug: "Who asked for a defragmentation hears that it is done though it failed.",
    file: "core/services/maintenance/defragment.ts",
    find: "if (error !== null) reply(",
    replace: 'if (error === "") reply(',
    oracle: "defragment-answered",
    scenario: "giants",
    seeds: [4, 15],
  },
  {
    name: "defragment-loses-a-row",
    bug: "The copy that takes the place of the store has not all of its rows.",
    file: "sim/world/kv.ts",
    find: "return { ...root, fileBytes: root.contentBytes };",
    replace:
      "const [first] = [...entries(root.map, PREFIXES.keys, PREFIXES.leases)];\n" +
      "  const map = first === undefined ? root.map : remove(root.map, first[0]);\n" +
      "  return { ...root, map, fileBytes: root.contentBytes };",
    oracle: "assertion",
    scenario: "giants",
    seeds: [1, 10],
  },
  {
    name: "defragment-doubles-a-row",
    bug: "The copy that takes the place of the store has a row twice, under two revisions.",
    file: "sim/world/kv.ts",
    find: "return { ...root, fileBytes: root.contentBytes };",
    replace:
      "const [first] = [...entries(root.map, PREFIXES.keys, PREFIXES.leases)];\n" +
      "  const again = first === undefined ? null : `${first[0].slice(0, -1)}\\xfe`;\n" +
      "  const map = again === null ? root.map : set(root.map, again, first[1]);\n" +
      "  return { ...root, map, fileBytes: root.contentBytes };",
    oracle: "kv-agreement",
    scenario: "giants",
    seeds: [1, 10],
  },
];
