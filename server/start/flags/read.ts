// All that an operator may say, wherever it stands: command line and variables, or a file.

import { readConfigFile } from "./config-file.ts";
import { type FlagsOrFile, flagsOf, type ParsedFlags, parseFlags } from "./parse.ts";

export async function readFlags(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ParsedFlags> {
  const parsed: FlagsOrFile = parseFlags(args, environment);
  if (parsed.kind !== "file") return parsed;
  const file = await readConfigFile(parsed.path);
  if (!file.ok) return { kind: "refused", message: file.error, exitCode: 1 };
  return flagsOf(file.value.settings, file.value.notices);
}
