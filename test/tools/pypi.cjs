// Installs tools from PyPI, each in an environment of its own, and only files of the table's checksums.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const debian = require("./debian.cjs");
const { cache, which } = require("./table.cjs");

/** Installs one tool of the table into the cache. */
function installFromPypi(name, { package: distribution, version, sha256, data }) {
  if (which("python3") === undefined) throw new Error("there is no python3");
  const home = path.join(cache, "pypi", `${name}-${version}`);
  fs.rmSync(home, { recursive: true, force: true });
  fs.mkdirSync(path.dirname(home), { recursive: true });
  makeEnvironment(home);

  const requirements = path.join(home, "requirements.txt");
  fs.writeFileSync(
    requirements,
    `${distribution}==${version} ${sha256.map((sum) => `--hash=sha256:${sum}`).join(" ")}\n`,
  );
  const options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-input", "-q"];
  run(path.join(home, "bin/pip"), ["--disable-pip-version-check", "install", ...options, "-r", requirements]);

  if (data !== undefined) return link("share", name, path.join(packagesOf(home), data));
  link("bin", name, path.join(home, "bin", name));
}

/** Where an environment keeps its modules. */
function packagesOf(home) {
  const [python] = fs.readdirSync(path.join(home, "lib"));
  return path.join(home, "lib", python, "site-packages");
}

function link(folder, name, target) {
  const directory = path.join(cache, folder);
  fs.mkdirSync(directory, { recursive: true });
  const fresh = path.join(directory, `.${name}.${process.pid}`); // two runs at once do not see half a file
  fs.symlinkSync(path.relative(directory, target), fresh);
  fs.renameSync(fresh, path.join(directory, name));
}

/** A virtual environment with pip. Debian's python3 has none of its own: the package python3-venv brings it. */
function makeEnvironment(home) {
  try {
    run("python3", ["-m", "venv", home]);
  } catch (error) {
    const why = debian.whyNot() ?? debian.installPackages(["python3-venv"]);
    if (why !== undefined)
      throw new Error(`${error.message}\nwithout apt-get install python3-venv: ${why}`, { cause: error });
    run("python3", ["-m", "venv", "--clear", home]);
  }
}

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  const said = error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-3).join("\n");
  throw new Error(`${path.basename(command)} ${args.find((arg) => /^[a-z]/.test(arg))}: ${said}`);
}

module.exports = { installFromPypi };
