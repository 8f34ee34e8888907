// `npm run bench`: every suite, or those named. Prints tables, and keeps the figures under
// bench/results/.

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { benchCore } from "./core.ts";
import type { Report } from "./report.ts";
import { save, show } from "./report.ts";
import { benchRestart } from "./restart.ts";
import { benchServer } from "./server.ts";
import { benchSim } from "./sim.ts";

const SUITES = ["core", "sim", "server", "restart"] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { loadgen: { type: "string" } },
});
const unknown = positionals.filter((name) => !SUITES.some((suite) => suite === name));
if (unknown.length > 0) {
  console.error(`bench: no suite ${unknown.join(", ")}; there are ${SUITES.join(", ")}`);
  process.exitCode = 2;
} else {
  const wanted = SUITES.filter((suite) => positionals.length === 0 || positionals.includes(suite));
  for (const suite of wanted) {
    const report = await run(suite);
    if (report === null) continue;
    console.log(show(report));
    save(report);
  }
}

async function run(suite: (typeof SUITES)[number]): Promise<Report | null> {
  if (suite === "core") return benchCore();
  if (suite === "sim") return benchSim();
  const loadgen = values.loadgen ?? "";
  if (existsSync(loadgen)) {
    return await (suite === "server" ? benchServer(loadgen) : benchRestart(loadgen));
  }
  console.error(
    `bench: the ${suite} suite is skipped. It needs an etcd, and a load generator for its API: ` +
      `npm run bench -- ${suite} --loadgen PATH`,
  );
  return null;
}
