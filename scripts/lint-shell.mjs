// shellcheck and shfmt over every shell program of the repository. Under CI=true a missing tool is a failure.
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";

const { findTool, howToGet } = createRequire(import.meta.url)("../test/tools/table.cjs");

const isShell = (file) => {
  if (file.endsWith(".sh")) return true;
  if (/\.\w+$/.test(file)) return false;
  const head = Buffer.alloc(64);
  const handle = openSync(file);
  readSync(handle, head);
  closeSync(handle);
  return /^#!.*\b(ba|da)?sh\b/.test(head.toString());
};

const tracked = execFileSync("git", ["ls-files", "-coz", "--exclude-standard"], { encoding: "utf8" }).split("\0");
const files = tracked.filter((file) => file !== "" && !/^test\/(fixtures|golden)\//.test(file) && existsSync(file));
const programs = files.filter(isShell);

for (const [tool, ...options] of [
  ["shellcheck", "-x", "-S", "style"],
  ["shfmt", "-i", "2", "-ci", "-bn", "-d"],
]) {
  const program = findTool(tool);
  if (program === undefined) {
    console.error(`${tool} is missing: ${howToGet(tool)}`);
    if (process.env.CI === "true") process.exitCode = 1;
  } else if (spawnSync(program, [...options, ...programs], { stdio: "inherit" }).status !== 0) {
    console.error(`${tool}: see above`);
    process.exitCode = 1;
  }
}
if (programs.length === 0) {
  console.error("no shell programs found");
  process.exitCode = 1;
}
console.log(`${programs.length} shell programs`);
