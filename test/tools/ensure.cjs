// Brings the external programs the tests need; see tools.json. Asks nothing, does nothing where all are there.
const { whyNot, installPackages } = require("./debian.cjs");
const { buildTool, ensureGo } = require("./go.cjs");
const { installFromPypi } = require("./pypi.cjs");
const { cache, findTool, howToGet, tools } = require("./table.cjs");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const usage = `usage: test/tools/ensure [--all | TOOL…]

Brings the tools of test/tools/tools.json, or those named: Debian packages (as root), programs built from the Go
module proxy and programs of PyPI, kept in \${GANTRY_TOOLS:-~/.cache/gantry-tools}. Exit code 1 if one is still missing.
Those of tests that are opt-in only with --all, or by their names.
`;

async function ensure(names) {
  const missing = names.filter((name) => findTool(name) === undefined);
  const problems = new Map();
  const timed = async (what, work) => {
    console.log(`ensure: ${what} …`);
    const start = Date.now();
    try {
      await work();
      console.log(`ensure: ${what}: ${Math.round((Date.now() - start) / 1000)} s`);
      return undefined;
    } catch (error) {
      return error.message;
    }
  };

  const packaged = missing.filter((name) => tools[name].deb !== undefined);
  if (packaged.length > 0) {
    const packages = [...new Set(packaged.map((name) => tools[name].deb))];
    const why =
      whyNot() ??
      (await timed(`installing ${packages.join(" ")}`, () => {
        const problem = installPackages(packages);
        if (problem !== undefined) throw new Error(problem);
      }));
    for (const name of packaged) if (why !== undefined) problems.set(name, why);
  }

  const fromPypi = missing.filter((name) => tools[name].pypi !== undefined && runsHere(tools[name].pypi));
  const isBuilt = (name) => tools[name].go !== undefined || tools[name].toolchain === true;
  const built = missing.filter((name) => isBuilt(name) && !fromPypi.includes(name));
  if (built.length > 0) {
    fs.mkdirSync(cache, { recursive: true });
    let go;
    const why = await timed("a Go compiler", async () => (go = await ensureGo()));
    for (const name of built) {
      const { go: source } = tools[name];
      const problem =
        why ?? (source && (await timed(`building ${name} ${source.version}`, () => buildTool(go, name, source))));
      if (problem !== undefined) problems.set(name, problem);
    }
  }

  for (const name of fromPypi) {
    const { pypi } = tools[name];
    const problem = await timed(`installing ${name} ${pypi.version}`, () => installFromPypi(name, pypi));
    if (problem !== undefined) problems.set(name, problem);
  }

  for (const name of missing.filter((name) => tools[name].npm !== undefined)) {
    const { package: source, version } = tools[name].npm;
    const problem = await timed(`installing ${source} ${version}`, () => installNpm(name, source, version));
    if (problem !== undefined) problems.set(name, problem);
  }

  const still = names.filter((name) => findTool(name) === undefined);
  for (const [name, problem] of problems) if (still.includes(name)) console.error(`ensure: ${name}: ${problem}`);
  for (const name of still) console.error(`ensure: MISSING ${name}: ${howToGet(name)}`);
  if (still.length === 0) console.log(`ensure: ${names.length} tools are there`);
  return still.length === 0 ? 0 : 1;
}

/** Whether there are wheels for this machine. */
function runsHere({ platforms }) {
  return platforms === undefined || platforms.includes(`${os.platform()}-${os.arch()}`);
}

/** A program of an npm package, in a directory of its own, so that this repository's lock file stays as it is. */
function installNpm(name, source, version) {
  const directory = path.join(cache, "npm", name);
  fs.mkdirSync(path.join(cache, "bin"), { recursive: true });
  fs.mkdirSync(directory, { recursive: true });
  const args = ["install", "--prefix", directory, "--no-audit", "--no-fund", "--no-save", `${source}@${version}`];
  const { status, stderr } = spawnSync("npm", args, { cwd: directory, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm: ${stderr.trim().split("\n").at(-1) ?? ""}`);
  const link = path.join(cache, "bin", name);
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.join(directory, "node_modules/.bin", name), link);
}

const words = process.argv.slice(2);
const names = words.filter((word) => word !== "--all");
const usual = Object.keys(tools).filter((name) => words.includes("--all") || tools[name].optIn !== true);
const unknown = names.filter((name) => tools[name] === undefined);
if (names.includes("--help")) {
  process.stdout.write(usage);
} else if (unknown.length > 0) {
  console.error(`ensure: not in test/tools/tools.json: ${unknown.join(", ")}`);
  process.exitCode = 2;
} else {
  ensure(names.length > 0 ? names : usual).then((code) => (process.exitCode = code));
}
