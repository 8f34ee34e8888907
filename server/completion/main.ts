// `detcd completion bash|zsh|fish`. The words are those of each command's own help, which its table
// of flags makes: there is no second list to forget one in.

import { execFileSync } from "node:child_process";
import { completionScript, flagsIn, SHELLS } from "./script.ts";

const COMMANDS = ["serve", "snapshot", "sim", "replay", "tui"];
const OTHERS = ["completion", "version", "help"];

const USAGE = `usage: detcd completion bash|zsh|fish

  Prints what the shell must read to finish commands and flags. Try it in this one:
      bash  source <(detcd completion bash)
      zsh   source <(detcd completion zsh)
      fish  detcd completion fish | source
`;

export async function main(_command: string, args: readonly string[]): Promise<number> {
  const [given] = args;
  const shell = SHELLS.find((known) => known === given);
  if (shell === undefined) {
    const isAsked = given === "--help" || given === "-h";
    (isAsked ? process.stdout : process.stderr).write(USAGE);
    return isAsked ? 0 : 2;
  }
  const words = [
    ...COMMANDS.map((command) => [command, flagsIn(helpOf(command))] as const),
    ...OTHERS.map((command) => [command, []] as const),
  ];
  process.stdout.write(completionScript(shell, new Map(words)));
  return 0;
}

function helpOf(command: string): string {
  const [, detcd = ""] = process.argv;
  return execFileSync(process.execPath, [detcd, command, "--help"], { encoding: "utf8" });
}
