import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { helpText } from "../start/flags/help.ts";
import { FLAG_NAMES } from "../start/flags/table.ts";
import { completionScript, flagsIn } from "./script.ts";

const WORDS = new Map([
  ["serve", flagsIn(helpText())],
  ["sim", ["--seed"]],
]);

/** What bash itself makes of the script, once these words are typed. */
function completed(...typed: readonly string[]): readonly string[] {
  const run = `${completionScript("bash", WORDS)}
    COMP_WORDS=(detcd ${typed.join(" ")}); [ "${typed.at(-1)}" = '""' ] && COMP_WORDS[-1]=
    COMP_CWORD=${typed.length}; _detcd; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", run], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.trim().split("\n");
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ["--version"]).status === 0;
}

describe("a shell", () => {
  it("finishes commands, and the flags of each", () => {
    expect(completed("se")).toEqual(["serve"]);
    expect(completed("serve", "--data")).toEqual(["--data-dir"]);
    expect(completed("serve", "--peer-cert-f")).toEqual(["--peer-cert-file"]);
    expect(completed("sim", "--")).toEqual(["--seed"]);
  });

  it("knows every flag of a member", () => {
    const known = completed("serve", "--");
    expect(FLAG_NAMES.filter((name) => !known.includes(`--${name}`) && name.length > 2)).toEqual(
      [],
    );
  });

  it.each(["bash", "zsh", "fish"] as const)("%s reads its script", (shell) => {
    if (!isInstalled(shell)) return;
    const input = completionScript(shell, WORDS);
    const { status, stderr } = spawnSync(shell, ["-n"], { input, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});
