// What is expected against what was shown, line by line. `*` is anything without a space, and
// `<name>` is that too, but the same each time. A last line `...` is any lines, or none.

type Names = Readonly<Record<string, string>>;

/** Null: none. And the names with what they stand for now. */
export function difference(
  wanted: readonly string[],
  told: readonly string[],
  names: Names,
): readonly [difference: string | null, names: Names] {
  const isOpen = wanted.at(-1) === "...";
  const expected = isOpen ? wanted.slice(0, -1) : wanted;
  const shown = isOpen ? told.slice(0, expected.length) : told;
  let known = names;
  const report: string[] = [];
  let same = true;
  for (let at = 0; at < Math.max(expected.length, shown.length); at++) {
    const [want, got] = [expected[at], shown[at]];
    const learned = want === undefined || got === undefined ? null : matched(want, got, known);
    if (learned !== null) {
      known = learned;
      report.push(`    ${got}`);
      continue;
    }
    same = false;
    if (want !== undefined) report.push(`  - ${filledIn(want, known)}`);
    if (got !== undefined) report.push(`  + ${got}`);
  }
  return [same ? null : report.join("\n"), known];
}

const HOLE = /\*|<\w+>/g;

/** Null: it does not match. */
function matched(want: string, got: string, known: Names): Names | null {
  const holes = want.match(HOLE) ?? [];
  const pattern = want.split(HOLE).map(literal).join("(\\S+)");
  const found = new RegExp(`^${pattern}$`).exec(got);
  if (found === null) return null;
  let names = known;
  for (const [at, hole] of holes.entries()) {
    const text = found[at + 1] as string;
    if (hole === "*") continue;
    const before = names[hole.slice(1, -1)];
    if (before !== undefined && before !== text) return null;
    names = { ...names, [hole.slice(1, -1)]: text };
  }
  return names;
}

function filledIn(want: string, known: Names): string {
  return want.replace(HOLE, (hole) => known[hole.slice(1, -1)] ?? hole);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
