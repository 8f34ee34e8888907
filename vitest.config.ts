// How the tests run. A test fails by what it sees, not by how busy the machine is: patience is long
// for all of them. Files share the workers, and what is loaded there: nothing keeps state in a
// module, and to load the same modules for every file took a third of the time. Processes that
// tests start share what was compiled for the first of them.

import { join } from "node:path";
import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = {
  test: {
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled") },
  },
};

export default config;
