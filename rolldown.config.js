// The member as few files, so that it starts quickly: to find and read three hundred modules takes
// longer than to run them. Threads that hash passwords, and those that commit what is large, begin
// at files of their own.

/** @type {import("rolldown").RolldownOptions} */
const config = {
  input: {
    serve: "dist/server/main.js",
    "password-threads": "dist/server/secrets/password-threads.js",
    "large-commit": "dist/server/storage/large-commit.js",
  },
  platform: "node",
  external: /^[^./]/,
  output: { dir: "dist/bin", format: "esm", cleanDir: true },
  logLevel: "warn",
};

export default config;
