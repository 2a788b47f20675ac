// A project of somebody else's that installs our packed tarball.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(__dirname, "../..");

/** Dependencies of a user of CDKTF as it was left, and of one who moved to its successor by aliases. */
export const flavours = {
  cdktf: { cdktf: "0.21.0", "@cdktf/provider-aws": "21.22.1", constructs: "10.4.2" },
  cdktn: { cdktf: "npm:cdktn@0.24.0", "@cdktf/provider-aws": "npm:@cdktn/provider-aws@25.7.0", constructs: "10.6.0" },
} as const;
export type Flavour = keyof typeof flavours;

export interface Packed {
  readonly tarball: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** Builds and packs the library as `npm publish` would. */
export function pack(destination: string): Packed {
  const args = ["pack", "--json", "--pack-destination", destination];
  const output = execFileSync("npm", args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });
  const packed = JSON.parse(output) as readonly { filename: string; files: Packed["files"] }[];
  return { tarball: join(destination, packed[0]?.filename ?? ""), files: packed[0]?.files ?? [] };
}

/** Installs the tarball into a new project; what this machine has downloaded before is taken from npm's cache. */
export function install(dir: string, flavour: Flavour, tarball: string): void {
  mkdirSync(dir);
  const dependencies = { ...flavours[flavour], "cdktf-gantry": `file:${tarball}` };
  write(dir, "package.json", JSON.stringify({ name: "consumer", version: "1.0.0", private: true, dependencies }));
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error"];
  const done = spawnSync("npm", ["install", ...quiet], { cwd: dir, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`npm install for ${flavour}:\n${done.stdout}${done.stderr}`);
}

export function write(dir: string, name: string, text: string): void {
  writeFileSync(join(dir, name), text);
}

/** Runs Node in the project; returns what it printed, throws with everything it said when it fails. */
export function node(dir: string, ...args: readonly string[]): string {
  const env = { ...process.env, CHECKPOINT_DISABLE: "1" };
  const done = spawnSync(process.execPath, args, { cwd: dir, env, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`node ${args.join(" ")}: exit ${String(done.status)}\n${done.stderr}`);
  return done.stdout;
}

/** What the compiler says of the project, with every declaration file checked. */
export function typeErrors(dir: string, files: readonly string[]): string[] {
  const modern = { target: "es2022", module: "node16", moduleResolution: "node16", types: [], noEmit: true };
  const compilerOptions = { ...modern, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false };
  write(dir, "tsconfig.json", JSON.stringify({ compilerOptions, files }));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", ".", "--pretty", "false"];
  const done = spawnSync(process.execPath, args, { cwd: dir, encoding: "utf8", maxBuffer: 64 << 20 });
  return done.stdout.split("\n").filter((line) => line !== "");
}

/** A stack that uses the library from every side; the same text for CommonJS, ESM and TypeScript but for its imports. */
export const stackProgram = `
const app = new App({ outdir: process.argv[2] ?? "out" });
const stack = new TerraformStack(app, "lab");
new LocalBackend(stack, { path: "lab.tfstate" });
new AwsProvider(stack, "aws", { region: "us-west-2" });
const builder = new GpuBuilder(stack, "builder", {
  instanceType: "g6.xlarge",
  ami: Ami.pinned({ "us-west-2": "ami-0123456789abcdef0" }),
  sshFrom: ["203.0.113.4/32"],
  sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a",
  idleStop: Duration.minutes(30),
});
builder.build(new ContainerImage(stack, "base", { context: "base" }));
new GpuBuilder(stack, "here", { host: Host.local() });
app.synth();
`;

const names: readonly (readonly [string, string])[] = [
  ["App, TerraformStack, LocalBackend", "cdktf"],
  ["AwsProvider", "@cdktf/provider-aws/lib/provider"],
  ["Duration", "cdktf-gantry"],
  ["GpuBuilder, Ami, Host", "cdktf-gantry/builder"],
  ["ContainerImage", "cdktf-gantry/image"],
];
export const commonJs =
  names.map(([list, from]) => `const { ${list} } = require("${from}");\n`).join("") + stackProgram;
export const typed = names.map(([list, from]) => `import { ${list} } from "${from}";\n`).join("") + stackProgram;
// The provider declares no exports: Node wants the file's full name there.
export const esm = typed.replace("provider-aws/lib/provider", "provider-aws/lib/provider/index.js");
