// The AWS schema provider as a filesystem mirror for tofu and terraform: built from this folder and the installed
// bindings, kept in the tools' cache under the hash of what it is made of.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { cache, findTool } from "../../tools/table.cjs";

/** External tools a test file names in `withTools` before it plans a stack. */
export const awsProviderTools = ["go"] as const;

const bindings = dirname(require.resolve("@cdktf/provider-aws/package.json"));

/** The mirror's directory, for `init -plugin-dir`. The first call on a machine builds it: about half a minute. */
export function awsMirror(): string {
  const source = join(__dirname, "provider");
  const hash = createHash("sha256");
  for (const file of [join(__dirname, "bindings.mjs"), join(__dirname, "extract.mjs"), ...sources(source)]) {
    hash.update(readFileSync(file)).update("\0");
  }
  hash.update(readFileSync(join(bindings, "package.json")));
  const home = join(cache, "aws-provider");
  const ready = join(home, hash.digest("hex").slice(0, 16));
  if (existsSync(ready)) return ready;

  mkdirSync(home, { recursive: true });
  return withLock(`${ready}.lock`, () => {
    if (existsSync(ready)) return ready; // the one before us built it
    const work = mkdtempSync(join(home, ".build-"));
    try {
      build(source, join(work, "source"), join(work, "mirror"));
      if (!existsSync(ready)) renameSync(join(work, "mirror"), ready);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    return ready;
  });
}

function sources(dir: string): string[] {
  const names = readdirSync(dir).filter((name) => /\.go$|^go\.(mod|sum)$|^overlay\.json$/.test(name));
  return names.sort().map((name) => join(dir, name));
}

function build(source: string, work: string, mirror: string): void {
  mkdirSync(work, { recursive: true });
  for (const file of sources(source)) cpSync(file, join(work, file.slice(source.length + 1)));
  const extractor = join(__dirname, "extract.mjs");
  const schema = execFileSync(process.execPath, [extractor, bindings], { maxBuffer: 256 << 20 });
  writeFileSync(join(work, "schema.json.gz"), gzipSync(schema));
  const { x_provider_version: version } = JSON.parse(schema.toString()) as { readonly x_provider_version: string };

  const go = findTool("go") ?? "go";
  const env = { ...process.env, GOFLAGS: "-mod=readonly", GOWORK: "off", CGO_ENABLED: "0" };
  const binary = join(mirror, `terraform-provider-aws_v${version}`);
  execFileSync(go, ["build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", binary, "."], {
    cwd: work,
    env,
    stdio: ["ignore", "pipe", "pipe"], // what it downloads; an error of the build is in the exception
  });
  const [os, arch] = execFileSync(go, ["env", "GOOS", "GOARCH"], { encoding: "utf8" }).trim().split("\n");
  // terraform and tofu ask for the same provider at different addresses.
  for (const host of ["registry.terraform.io", "registry.opentofu.org"]) {
    const dir = join(mirror, host, "hashicorp/aws", version, `${os ?? ""}_${arch ?? ""}`);
    mkdirSync(dir, { recursive: true });
    symlinkSync(
      "../../../../../" + `terraform-provider-aws_v${version}`,
      join(dir, `terraform-provider-aws_v${version}`),
    );
  }
}

/** One at a time, also between processes; a lock whose owner died is taken over. */
function withLock<T>(file: string, work: () => T): T {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (!ownerLives(file)) rmSync(file, { force: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    return work();
  } finally {
    rmSync(file, { force: true });
  }
}

function ownerLives(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    if (pid > 0) process.kill(pid, 0); // empty: its owner is about to write it
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
