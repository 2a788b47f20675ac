// Builds tools from the Go module proxy. Where no Go is installed, the proxy also has the compiler.
const { execFileSync, spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { cache, which } = require("./table.cjs");
const { unzip } = require("./unzip.cjs");

const OLDEST = [1, 26]; // what tofu asks for
const TOOLCHAIN = "v0.0.1-go1.26.8";
const SHA256 = {
  "linux-amd64": "30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7",
  "linux-arm64": "02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99",
  "darwin-amd64": "fe99a2009e5bb51e06d7784f1a486478673512041c2671157bd382806e2aedcf",
  "darwin-arm64": "0aad5fb52b88498885290178adc0bcfe429bc63012621af9f83282eb640bd9c7",
};

/** A Go compiler that is new enough: the installed one, or the one of the module proxy, kept in the cache. */
async function ensureGo() {
  const installed = which("go");
  if (installed !== undefined && isNewEnough(installed)) return installed;
  const platform = `${os.platform()}-${os.arch() === "x64" ? "amd64" : os.arch()}`;
  const expected = SHA256[platform];
  if (expected === undefined) throw new Error(`no Go ${OLDEST.join(".")} on PATH, and none to be had for ${platform}`);

  const proxy = (process.env.GOPROXY ?? "").split(/[,|]/).find((each) => each.startsWith("https://"));
  const url = `${proxy ?? "https://proxy.golang.org"}/golang.org/toolchain/@v/${TOOLCHAIN}.${platform}.zip`;
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const archive = Buffer.from(await answer.arrayBuffer());
  const actual = createHash("sha256").update(archive).digest("hex");
  if (actual !== expected) throw new Error(`${url}: sha256 is ${actual}, not ${expected}`);

  const home = path.join(cache, "go");
  const fresh = fs.mkdtempSync(path.join(cache, ".go-"));
  unzip(archive, `golang.org/toolchain@${TOOLCHAIN}.${platform}/`, fresh);
  for (const dir of ["bin", "pkg/tool"]) {
    for (const entry of fs.readdirSync(path.join(fresh, dir), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) fs.chmodSync(path.join(entry.parentPath ?? entry.path, entry.name), 0o755);
    }
  }
  fs.rmSync(home, { recursive: true, force: true });
  fs.renameSync(fresh, home);
  fs.mkdirSync(path.join(cache, "bin"), { recursive: true });
  fs.rmSync(path.join(cache, "bin/go"), { force: true });
  fs.symlinkSync("../go/bin/go", path.join(cache, "bin/go"));
  return path.join(cache, "bin/go");
}

function isNewEnough(go) {
  const { stdout } = spawnSync(go, ["env", "GOVERSION"], { encoding: "utf8" });
  const [major, minor] = (/go(\d+)\.(\d+)/.exec(stdout) ?? [0, 0, 0]).slice(1).map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Builds one tool of the table into the cache. */
function buildTool(go, name, { module, version, package: dir, ldflags = "" }) {
  const target = dir === undefined ? module : `${module}/${dir}`;
  const work = fs.mkdtempSync(path.join(os.tmpdir(), "gantry-tool-"));
  const run = (...args) => {
    const options = { cwd: work, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 64 << 20 };
    return execFileSync(go, args, { ...options, env: { ...process.env, GOFLAGS: "-mod=mod", GOWORK: "off" } });
  };
  try {
    const source = JSON.parse(run("mod", "download", "-json", `${module}@${version}`)).Dir;
    run("mod", "init", "gantry/tools");
    // Replacements hold only in the main module: carry them over, and upstream's own checksums.
    const { Replace, Require } = JSON.parse(run("mod", "edit", "-json", path.join(source, "go.mod")));
    const replace = (left, right) => run("mod", "edit", `-replace=${left}=${right}`);
    for (const { Old, New } of Replace ?? []) {
      const left = Old.Version === undefined ? Old.Path : `${Old.Path}@${Old.Version}`;
      if (New.Version !== undefined) replace(left, `${New.Path}@${New.Version}`);
    }
    // The parts of Kubernetes are folders of its own repository there, and modules of the same version here.
    const parts = (Require ?? []).filter(({ Path, Version }) => Path.startsWith("k8s.io/") && Version === "v0.0.0");
    for (const { Path } of parts) replace(Path, `${Path}@${version.replace(/^v1\./, "v0.")}`);
    fs.writeFileSync(path.join(work, "go.sum"), fs.readFileSync(path.join(source, "go.sum")));
    run("get", "-tool", `${target}@${version}`);
    const bin = path.join(cache, "bin");
    fs.mkdirSync(bin, { recursive: true });
    const fresh = path.join(bin, `.${name}.${process.pid}`); // two runs at once do not see half a file
    run("build", "-trimpath", "-buildvcs=false", "-ldflags", `-s -w ${ldflags}`, "-o", fresh, target);
    fs.renameSync(fresh, path.join(bin, name));
  } catch (error) {
    throw new Error(`${error.message}\n${String(error.stderr ?? "").slice(-2000)}`, { cause: error });
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

module.exports = { ensureGo, buildTool };
