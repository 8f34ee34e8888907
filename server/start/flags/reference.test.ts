import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { helpText, referencePage } from "./help.ts";
import { FLAG_NAMES } from "./table.ts";

describe("the table", () => {
  it("makes the page of the documentation", async () => {
    const path = join(import.meta.dirname, "../../../docs/flags.md");
    await expect(referencePage()).toMatchFileSnapshot(path);
  });

  it("makes a help that leaves no flag out", () => {
    const help = helpText();
    expect(FLAG_NAMES.filter((name) => !help.includes(`  --${name}`))).toEqual([]);
  });
});
