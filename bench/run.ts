// `npm run bench`: every suite, or those named. Prints tables, and keeps the figures under
// bench/results/.

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { benchCore } from "./core.ts";
import { PARTS, benchHostile, isFullSize } from "./hostile-suite.ts";
import { SIZES } from "./hostile/trial.ts";
import type { Sizes } from "./hostile/trial.ts";
import type { Report } from "./report.ts";
import { save, show } from "./report.ts";
import { benchRestart } from "./restart.ts";
import { findProducts } from "./server-cluster.ts";
import type { Product } from "./server-cluster.ts";
import { benchServer } from "./server.ts";
import { benchSim } from "./sim.ts";

const SUITES = ["core", "sim", "server", "restart", "hostile"] as const;

const USAGE = `usage: npm run bench -- [SUITE …] [flags]     without a suite: all of them

  core      what a step and a persistent insert cost
  sim       the simulator's pace
  server    CPU, throughput, latency and memory beside etcd's; needs --loadgen
  restart   a full store: its memory, and how long a restart takes, beside etcd's; needs --loadgen
  hostile   what others feel of hostile clients and of large work, beside etcd

  --etcd PATH      the etcd to compare with (or DETCD_BENCH_ETCD); else the one on PATH
  --loadgen PATH   a load generator for etcd's API

hostile takes about an hour in full; a quiet machine is half of the result. Its parts:

${PARTS.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join("\n")}

  --only PART,…    these parts only
${Object.entries(SIZES)
  .map(([name, size]) => `  --${name.padEnd(14)} ${size} unless said otherwise`)
  .join("\n")}

A quick look: npm run bench -- hostile --only logins --rounds 1 --keys 20000 --seconds 3
Figures are kept under bench/results/ if the sizes are the full ones; any number of rounds will do.
`;

const SIZE_NAMES = Object.keys(SIZES) as (keyof Sizes)[];

/** The exit code. */
async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      etcd: { type: "string" },
      loadgen: { type: "string" },
      only: { type: "string" },
      ...Object.fromEntries(SIZE_NAMES.map((name) => [name, { type: "string" as const }])),
    },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const unknown = positionals.filter((name) => !SUITES.some((suite) => suite === name));
  if (unknown.length > 0) throw new Error(`no suite ${unknown.join(", ")}`);
  const wanted = SUITES.filter((suite) => positionals.length === 0 || positionals.includes(suite));
  const parts = partsOf(values.only);
  const sizes = sizesOf(values);
  const products = findProducts(values.etcd ?? process.env["DETCD_BENCH_ETCD"] ?? "");
  for (const suite of wanted) {
    if (suite === "core") keep(benchCore());
    else if (suite === "sim") keep(benchSim());
    else if (products === null) skip(suite, "It needs an etcd, and there is none", "--etcd PATH");
    else if (suite === "hostile") await hostile(parts, products, sizes);
    else await withLoadgen(suite, products, values.loadgen ?? "");
  }
  return 0;
}

async function hostile(
  parts: typeof PARTS,
  products: readonly Product[],
  sizes: Sizes,
): Promise<void> {
  for (const part of parts) {
    const { report, text } = await benchHostile(part, products, sizes);
    console.log(text);
    if (isFullSize(sizes)) save(report);
  }
}

async function withLoadgen(
  suite: "server" | "restart",
  products: readonly Product[],
  loadgen: string,
): Promise<void> {
  if (!existsSync(loadgen)) {
    return skip(suite, "It needs a load generator for etcd's API", "--loadgen PATH");
  }
  keep(await (suite === "server" ? benchServer : benchRestart)(products, loadgen));
}

function keep(report: Report): void {
  console.log(show(report));
  save(report);
}

function skip(suite: string, why: string, flag: string): void {
  console.error(`bench: the ${suite} suite is skipped. ${why}: npm run bench -- ${suite} ${flag}`);
}

function partsOf(only: string | undefined): typeof PARTS {
  const names = only?.split(",") ?? PARTS.map(({ name }) => name);
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")} of hostile`);
  return PARTS.filter(({ name }) => names.includes(name));
}

function sizesOf(values: Readonly<Record<string, unknown>>): Sizes {
  const sizes = { ...SIZES };
  for (const name of SIZE_NAMES) {
    const size = Number(values[name] ?? SIZES[name]);
    if (!Number.isInteger(size) || size < 1) throw new Error(`--${name} is a count, from 1 on`);
    sizes[name] = size;
  }
  return sizes;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${(error as Error).message}\n\nSee npm run bench -- --help`);
  process.exitCode = 2;
}
