// Tests run as CommonJS, stripped of their types by swc (`npm run typecheck` checks those).
const os = require("node:os");
const { searchPath } = require("./test/tools/table.cjs");

// Here and not in a setup file: child processes of a test get the environment of the worker process, not the
// sandbox's copy of it.
process.env.PATH = searchPath;
process.env.CHECKPOINT_DISABLE = "1"; // terraform must not phone home
process.env.TF_CLI_CONFIG_FILE = os.devNull; // nor read what the user has configured
for (const name of Object.keys(process.env)) {
  if (/^(TF_VAR_|TF_CLI_ARGS|TF_DATA_DIR|TF_WORKSPACE|CDKTF_|GANTRY_(?!TOOLS|TEST_|CHARTS))/.test(name))
    delete process.env[name];
}

/** @type {import("jest").Config} */
module.exports = {
  rootDir: __dirname,
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/fixtures/"],
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/cdktf.out/"],
  testEnvironment: "node",
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        swcrc: false,
        jsc: { target: "es2022", parser: { syntax: "typescript" }, keepClassNames: true },
        module: { type: "commonjs" },
        sourceMaps: "inline",
      },
    ],
  },
  maxWorkers: 2,
  testTimeout: 60_000, // tests run real programs on busy machines; none asserts time
  reporters: ["default", "<rootDir>/test/support/reporter.cjs"],
};
