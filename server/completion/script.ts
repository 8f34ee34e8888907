// A shell's own description of the commands and their flags, as that shell wants it.

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The flags of each command, with their dashes. */
export type Words = ReadonlyMap<string, readonly string[]>;

export function completionScript(shell: Shell, words: Words): string {
  switch (shell) {
    case "bash":
      return bashScript(words);
    case "zsh":
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`;
    case "fish":
      return fishScript(words);
  }
}

/** The flags that a help names. */
export function flagsIn(help: string): readonly string[] {
  const found = help.matchAll(/(?<![\w-])--[a-z][a-z0-9.-]*[a-z0-9]/g);
  return [...new Set([...found].map(([flag]) => flag))].toSorted();
}

/** After a command its flags; behind a flag a file, for want of better knowledge. */
function bashScript(words: Words): string {
  const cases = [...words].map(
    ([command, flags]) => `    ${command}) words="${flags.join(" ")}";;`,
  );
  return `_detcd() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${[...words.keys()].join(" ")}" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word"));;
    *) COMPREPLY=($(compgen -f -- "$word"));;
  esac
}
complete -F _detcd detcd
`;
}

function fishScript(words: Words): string {
  const names = [...words.keys()].join(" ");
  const commands = `complete -c detcd -n __fish_use_subcommand -f -a "${names}"`;
  const flags = [...words].flatMap(([command, all]) =>
    all.map((flag) => {
      const inside = `"__fish_seen_subcommand_from ${command}"`;
      return `complete -c detcd -n ${inside} -l ${flag.slice(2)}`;
    }),
  );
  return `${[commands, ...flags].join("\n")}\n`;
}
