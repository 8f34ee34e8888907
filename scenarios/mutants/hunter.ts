// The process that hunts planted bugs. For each of them only those modules are loaded anew that can
// see the file that it is in; all others stay as they are, compiled and optimized, which is most of
// what a hunt would take in a process of its own.

import { readdirSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { hunt as huntSeeds } from "./hunt.ts";
import type { Order, Report } from "./planting.ts";

type Planted = Readonly<{ file: string; text: string; affected: ReadonlySet<string>; nth: number }>;

const root = join(import.meta.dirname, "../..");
const HUNT = new URL("./hunt.ts", import.meta.url).href;
const ROOMS = ["core", "net/wire", "net/bolt", "sim", "checker", "scenarios"];
/** What is imported as a type only is no module when it runs. */
const IMPORTS = /^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)"/gms;

const importers = findImporters();
let planted: Planted | null = null;
let hunts = 0;

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    if (planted === null || !planted.affected.has(pathOf(resolved.url))) return resolved;
    return { ...resolved, url: `${resolved.url}?planted=${planted.nth}` };
  },
  load: (url, context, next) => {
    const loaded = next(url, context);
    if (planted === null || pathOf(url) !== planted.file) return loaded;
    return { ...loaded, source: planted.text };
  },
});

process.on("message", (order: Order) => {
  void hunt(order).then((report) => process.send?.(report));
});

async function hunt({ mutant, text }: Order): Promise<Report> {
  const file = join(root, mutant.file);
  planted = { file, text, affected: seeing(file), nth: ++hunts };
  try {
    const module = (await import(HUNT)) as Readonly<{ hunt: typeof huntSeeds }>;
    const [from, to] = mutant.seeds;
    return { hunted: module.hunt(mutant.scenario, from, to) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The file itself, and whatever imports one of these. */
function seeing(file: string): ReadonlySet<string> {
  const found = new Set([file]);
  for (const each of found) for (const importer of importers.get(each) ?? []) found.add(importer);
  return found;
}

function findImporters(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const path of ROOMS.flatMap(sourcesOf)) {
    for (const [, imported = ""] of readFileSync(path, "utf8").matchAll(IMPORTS)) {
      const target = join(dirname(path), imported);
      found.set(target, [...(found.get(target) ?? []), path]);
    }
  }
  return found;
}

function sourcesOf(room: string): readonly string[] {
  return readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes(".test."))
    .map((name) => join(root, room, name));
}

function pathOf(url: string): string {
  return url.startsWith("file:") ? fileURLToPath(url.split("?")[0] ?? url) : url;
}
