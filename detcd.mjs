#!/usr/bin/env node
// The command `detcd`. Plain JavaScript that any Node can read, so that an old one gets a clear answer.

import * as module from "node:module";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `detcd: needs Node 22.12 or newer, this is ${process.versions.node}. ` +
      "Run it through npx (which finds the Node of package.json): npx detcd " +
      process.argv.slice(2).join(" "),
  );
  process.exit(1);
}

const ROOMS = {
  serve: "./dist/bin/serve.js",
  snapshot: "./dist/server/snapshot/main.js",
  sim: "./dist/scenarios/main.js",
  replay: "./dist/scenarios/main.js",
  tui: "./dist/tui/main.js",
  completion: "./dist/server/completion/main.js",
};

const USAGE = `usage: detcd <command> [flags]

  serve       run one member of a real cluster (etcd's flags; detcd serve --help)
  snapshot    save a snapshot of a member, look at one, or restore one (detcd snapshot --help)
  sim         run a campaign of simulated, faulty clusters (detcd sim --help)
  replay      run one seed again, exactly (detcd replay <seed> [flags])
  tui         watch and steer a simulated cluster in the terminal (detcd tui --help)
  completion  what a shell reads to finish these words (detcd completion bash|zsh|fish)
  version     which detcd this is, and which etcd it stands for
  help        this text; of one command: detcd help <command>
`;

module.enableCompileCache?.(); // what was compiled once starts sooner

const args = process.argv.slice(2);
const [command, ...rest] = args[0] === "help" && args.length > 1 ? [args[1], "--help"] : args;
const room = Object.hasOwn(ROOMS, command ?? "") ? ROOMS[command] : null;
if (room !== null) {
  const { main } = await import(room);
  process.exitCode = await main(command, rest);
} else if (command === "version" || command === "--version") {
  const { main } = await import(ROOMS.serve);
  process.exitCode = await main("serve", ["--version"]);
} else if (command === undefined || ["help", "--help", "-h"].includes(command)) {
  console.log(USAGE);
} else {
  const { nearest } = await import("./dist/server/start/flags/nearest.js");
  const close = nearest(command, [...Object.keys(ROOMS), "version", "help"]);
  const hint = close === null ? "" : ` (did you mean ${close}?)`;
  console.error(`detcd: unknown command ${JSON.stringify(command)}${hint}\n\n${USAGE}`);
  process.exitCode = 2;
}
