// The table as people read it: in a terminal (`detcd serve --help`) and as a page
// (docs/flags.md).

import type { Flag, Standing } from "./flag.ts";
import { GROUPS } from "./table.ts";

export function helpText(): string {
  const lines = ["usage: detcd serve [flags]", ""];
  for (const [title, table] of GROUPS) {
    lines.push(`${title}:`);
    for (const [name, described] of Object.entries(table)) {
      const { initial, boolean, help, standing } = described as Flag<unknown>;
      const shown = boolean || initial !== "" ? ` '${initial}'` : "";
      lines.push(`  --${name}${shown}`, `    ${help}${remarkOf(standing)}`);
    }
    lines.push("");
  }
  lines.push(
    "Every flag can be given as a variable: --data-dir is ETCD_DATA_DIR. Both are refused.",
  );
  return lines.join("\n");
}

function remarkOf(standing: Standing): string {
  switch (standing.kind) {
    case "works":
      return "";
    case "accepted":
      return `\n    (Changes nothing: ${standing.meaning}.)`;
    case "refused":
      return `\n    (Refused: ${standing.reason}.)`;
  }
}

const PAGE_HEAD = `# Flags

All flags of \`detcd serve\`: those of etcd 3.4 to 3.7, by etcd's groups. Made from the table
in \`server/start/flags\`; a test holds both together, and writes this page anew with
\`vitest run flags/reference -u\`.

A flag is \`--flag value\` or \`--flag=value\`, a variable (\`--data-dir\` is
\`ETCD_DATA_DIR\`), or a key of the file that \`--config-file\` names, beside which flags and
variables are ignored. _Changes nothing_: it is taken, with one warning. _Refused_: a member does
not start with it, unless it says what would be without it.`;

/** Markdown, as the formatter of this house leaves it. */
export function referencePage(): string {
  const lines = [PAGE_HEAD];
  for (const [title, table] of GROUPS) {
    lines.push("", `## ${title}`);
    for (const [name, described] of Object.entries(table)) {
      const { initial, help, standing, older } = described as Flag<unknown>;
      const shown = initial === "" ? "" : ` (\`${initial}\`)`;
      const before = older.map((word) => `\`--${word}\``).join(", ");
      const was = before === "" ? "" : ` Until 3.6: ${before}.`;
      const text = `${help}${was}${pageRemarkOf(standing)}`.replaceAll(/<.*?>/g, "`$&`");
      lines.push("", `**\`--${name}\`**${shown}: ${text}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function pageRemarkOf(standing: Standing): string {
  switch (standing.kind) {
    case "works":
      return "";
    case "accepted":
      return ` _Changes nothing:_ ${standing.meaning}.`;
    case "refused":
      return ` _Refused:_ ${standing.reason}.`;
  }
}
