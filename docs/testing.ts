// A page is a script: its fenced blocks, in their order, in one shell, as a reader types them. What
// a test must do otherwise stands here, in three rules: ports on this machine are exchanged for free
// ones, campaigns have one seed, and the commands of bin/ stand for those of a reader.
//
// A comment in front of a block says what its text cannot:
//
//   <!-- not run: why -->                      counted, and listed in pages.live.test.ts
//   <!-- file: name -->                        written down for the blocks that follow
//   <!-- runs on until it says: words -->      in a terminal of its own; also: "says 3 times:"
//   <!-- Ctrl-C -->                            ends what was started last; stands for itself

export type Step = Readonly<
  | { kind: "run"; language: Language; text: string }
  | { kind: "file"; name: string; text: string }
  | { kind: "start"; text: string; words: string; times: number }
  | { kind: "interrupt" }
  | { kind: "skip"; text: string; reason: string }
> &
  Readonly<{ line: number; section: string }>;
type Language = "sh" | "ts" | "json";

/** What a page's script is made for. */
export type Place = Readonly<{
  root: string; // of the checkout
  ports: ReadonlyMap<string, number>; // by those that the page names
  without: (section: string) => boolean; // sections that lack a tool here
}>;

const LANGUAGES: readonly string[] = ["sh", "ts", "json"] satisfies Language[];
const PORT = /\b(localhost|127\.0\.0\.1):(\d{4,5})\b/g;

export function stepsOf(markdown: string): readonly Step[] {
  const steps: Step[] = [];
  let [section, comment] = ["", ""];
  let block: { language: string; from: number; lines: string[] } | null = null;
  markdown.split("\n").forEach((text, at) => {
    const fence = /^```(\w*)$/.exec(text);
    if (block !== null && fence === null) return void block.lines.push(text);
    if (block !== null) {
      const { language, from, lines } = block;
      block = null;
      if (LANGUAGES.includes(language))
        steps.push(stepOf(language as Language, lines.join("\n"), comment, from, section));
      comment = "";
    } else if (fence !== null) block = { language: fence[1] ?? "", from: at + 1, lines: [] };
    else if (text.startsWith("#")) section = text;
    else if (text === "<!-- Ctrl-C -->") steps.push({ kind: "interrupt", line: at + 1, section });
    else comment = /^<!-- (.*) -->$/.exec(text)?.[1] ?? (text === "" ? comment : "");
  });
  return steps;
}

function stepOf(
  language: Language,
  text: string,
  comment: string,
  line: number,
  section: string,
): Step {
  const where = { line, section };
  const [, what, times, words] =
    /^(not run|file|runs on until it says(?: (\d+) times)?): (.*)$/.exec(comment) ?? [];
  if (what === undefined || words === undefined) return { kind: "run", language, text, ...where };
  if (what === "not run") return { kind: "skip", text, reason: words, ...where };
  if (what === "file") return { kind: "file", name: words, text, ...where };
  return { kind: "start", text, words, times: Number(times ?? 1), ...where };
}

/** The ports of this machine that a text names, each once. */
export function portsIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(PORT)].map(([, , port]) => port ?? ""))];
}

export function withPorts(text: string, ports: Place["ports"]): string {
  return text.replace(PORT, (whole, host: string, port: string) =>
    ports.has(port) ? `${host}:${ports.get(port)}` : whole,
  );
}

/** For bash, which stops at the first line that fails and ends whatever it started. */
export function scriptOf(steps: readonly Step[], place: Place): string {
  const parts = steps
    .filter(({ section }) => !place.without(section))
    .map((step) => partOf(step, place));
  return [PROLOGUE, ...parts].join("\n");
}

const PROLOGUE = `set -emo pipefail
started=()
trap 'for pid in "\${started[@]}"; do kill -KILL -- -$pid 2>/dev/null || true; done; wait' EXIT
says() { until [ "$(grep -cF "$2" $1.log)" -ge $3 ]; do
  kill -0 $1 2>/dev/null || { cat $1.log; exit 1; }; sleep 0.05; done }`;

function partOf(step: Step, { root, ports }: Place): string {
  if (step.kind === "skip") return "";
  const at = `echo '## line ${step.line}'`;
  if (step.kind === "interrupt") {
    return `${at}; kill -INT -- -\${started[-1]}; wait \${started[-1]} || true; unset 'started[-1]'`;
  }
  const text = withPorts(step.text, ports).replace(/--seeds \d+/g, "--seeds 1");
  if (step.kind === "file") return `${at}\n${heredoc(step.name, text)}`;
  if (step.kind === "start") {
    const { words, times } = step;
    const log = "exec >$BASHPID.log 2>&1 </dev/null";
    return `${at}\n(${log}\n${text}\n) & started+=($!); sleep 0.1; says $! '${words}' ${times}`;
  }
  if (step.language === "sh") return `${at}\n${text}`;
  if (step.language === "json") return `${at}\n${heredoc("block.json", text)}\n${READ_JSON}`;
  const name = `line-${step.line}.ts`;
  return `${at}\n${heredoc(name, inCheckout(text, root))}\n${CHECK_TYPES} ${name}\nnode ${name}`;
}

const CHECK_TYPES =
  "tsc --noEmit --ignoreConfig --strict --module nodenext --target es2024 --types node " +
  "--allowImportingTsExtensions --skipLibCheck";

const READ_JSON = `node -e 'JSON.parse(require("fs").readFileSync("block.json", "utf8"))'`;

function heredoc(name: string, text: string): string {
  return `cat >${name} <<'END OF FILE'\n${text}\nEND OF FILE`;
}

/** Programs of a page lie at the top of the checkout. */
export function inCheckout(text: string, root: string): string {
  return text.replace(/from "\.\//g, `from "${root}/`);
}

/** Links to files of the checkout, without the part of a page that they point to. */
export function linksIn(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
    .map(([, to]) => to ?? "")
    .filter((to) => !to.includes("://"));
}
