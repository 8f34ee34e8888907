// The guarantees by their ids: what a failure names, and what planted bugs are counted against.

/** `issue`: where etcd once broke it. */
export type Rule = Readonly<{ id: RuleId; name: string; sentence: string; issue: string | null }>;

export type RuleId = (typeof IDS)[number];

/** One rule was broken, and how, in a few lines. */
export type Complaint = Readonly<{ rule: RuleId; story: string }>;

// prettier-ignore
const IDS = [
  "W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "W11", "W12", "W13", "W14", "W15",
  "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9",
  "O1", "O2", "O3", "O4", "O5", "O6", "O7", "O8", "O9",
  "O10", "O11",
] as const;

// prettier-ignore
const TABLE: Readonly<Record<RuleId, readonly [name: string, sentence: string, issue?: string]>> = {
  W1: ["filter", "A watch tells only what was asked for: its keys, and no kind that is filtered out."],
  W2: ["ordered", "A watch tells revisions in order, and the changes of one in the order of their writes.", "etcd#15271"],
  W3: ["unique", "A watch tells every change at most once.", "etcd#17247"],
  W4: ["atomic", "All that a watch is told of one revision comes in one response."],
  W5: ["reliable", "A watch leaves nothing out between two things that it tells."],
  W6: ["resumable", "A watch begins where it was told to, or says that history is gone.", "etcd#18089"],
  W7: ["bookmarkable", "A notice of progress comes after all that it covers, and never goes back.", "etcd#15220, etcd#20221"],
  W8: ["previous value", "A previous value is what was there just before, unless that is compacted."],
  W9: ["event body", "An event says what was written: value, revisions, version and lease."],
  W10: ["header", "A header is of the member that speaks, and of a revision between its events and its store."],
  W11: ["protocol", "Nothing comes before a watch is created or after it is canceled, and ids are its own."],
  W12: ["no invention", "A watch tells only what was committed."],
  W13: ["delivery", "Once all is well, every open watch hears everything.", "etcd#17529"],
  W14: ["copies", "Who lists and watches holds, at every revision, what the store held."],
  W15: ["agreement", "No two watches tell different things of one key at one revision."],
  L1: ["grant", "A grant lasts at least as long as asked for, has the id asked for, or one that is nobody's."],
  L2: ["attach", "A key is put on a lease that is there; \"not found\" is said of one that is not."],
  L3: ["all and only", "With a lease go all and only the keys that hang on it, in one revision."],
  L4: ["not early", "A lease that was granted or kept alive lives for its time."],
  L5: ["not late", "A lease that nobody keeps alive ends, soon after its time."],
  L6: ["no resurrection", "What has ended has no time left, and is not kept alive."],
  L7: ["time to live", "What a lease has left, and its keys, are told as they are."],
  L8: ["leader change", "A new leader gives no lease more than it was granted."],
  L9: ["stale leader", "A leader that was deposed keeps no lease alive that its successor has ended."],
  O1: ["monotone revisions", "Who asks later sees no older revision."],
  O2: ["density", "Every revision is a change that somebody asked for, and every acknowledged change is one."],
  O3: ["metadata", "Versions count puts, and creation and modification say when they were."],
  O4: ["ranges", "A range shows what its filters, order and limit say."],
  O5: ["serializable reads", "A read of one member is of a state that was committed, and no older than its last."],
  O6: ["historical reads", "A read at a revision shows the store as it was then."],
  O7: ["compaction", "What is compacted stays so, and nothing else is gone.", "etcd#18274"],
  O8: ["equal hashes", "Members hash equal histories equally."],
  O9: ["durability", "Once all is well again, what was acknowledged is there."],
  O10: ["locks", "Whoever holds a lock has the oldest key below its name.", "etcd#11456"],
  O11: ["elections", "Whoever leads an election has the oldest key below its name.", "etcd#18163"],
};

export const RULES: readonly Rule[] = IDS.map((id) => {
  const [name, sentence, issue] = TABLE[id];
  return { id, name, sentence, issue: issue ?? null };
});

/** The first line names the rule, the rest tells what happened. */
export function complain(rule: RuleId, lines: readonly string[]): Complaint {
  const [name, sentence, issue] = TABLE[rule];
  const known = issue === undefined ? "" : ` (once ${issue})`;
  return { rule, story: [`${rule} ${name}: ${sentence}${known}`, ...lines].join("\n") };
}

/** One complaint of each rule. */
export function firstOfEach(complaints: readonly Complaint[]): readonly Complaint[] {
  const seen = new Set<RuleId>();
  return complaints.filter(({ rule }) => {
    const isFirst = !seen.has(rule);
    seen.add(rule);
    return isFirst;
  });
}
