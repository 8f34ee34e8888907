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
};

const USAGE = `usage: detcd <command> [flags]

  serve     run one member of a real cluster (etcd's flags; detcd serve --help)
  snapshot  save a snapshot of a member, look at one, or restore one (detcd snapshot --help)
  sim       run a campaign of simulated, faulty clusters (detcd sim --help)
  replay    run one seed again, exactly (detcd replay <seed> [flags])
  tui       watch and steer a simulated cluster in the terminal (detcd tui --help)
  version   which detcd this is
  help      this text; of one command: detcd help <command>
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
  console.error(`detcd: unknown command ${JSON.stringify(command)}\n\n${USAGE}`);
  process.exitCode = 2;
}
