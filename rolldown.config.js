// The member as few files, so that it starts quickly: to find and read three hundred modules takes
// longer than to run them. Threads that hash passwords begin at a file of their own.

/** @type {import("rolldown").RolldownOptions} */
const config = {
  input: {
    serve: "dist/server/main.js",
    "password-threads": "dist/server/secrets/password-threads.js",
  },
  platform: "node",
  external: /^[^./]/,
  output: { dir: "dist/bin", format: "esm", cleanDir: true },
  logLevel: "warn",
};

export default config;
