// Installs Debian packages, as root, without questions and without starting what they bring.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const { which } = require("./table.cjs");

/** Why packages cannot be installed here, or nothing. */
function whyNot() {
  if (which("apt-get") === undefined) return "there is no apt-get";
  if (process.getuid() !== 0) return "that needs root";
  return undefined;
}

/** Installs packages; says what went wrong, or nothing. */
function installPackages(packages) {
  // sshd and the registry must not come up as services of this machine: the tests start their own.
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !fs.existsSync(policy);
  if (isOurs) fs.writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const lock = ["-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3"];
    const confirmed = ["-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];
    for (const args of [
      ["update", "-qq", ...lock],
      ["install", "-qq", ...confirmed, ...lock, ...packages],
    ]) {
      const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_MODE: "l" };
      const done = spawnSync("apt-get", args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
      if (done.status !== 0) return `apt-get ${args[0]}: ${done.stderr.trim().split("\n").slice(-3).join("\n")}`;
    }
    return undefined;
  } finally {
    if (isOurs) fs.rmSync(policy, { force: true });
  }
}

module.exports = { whyNot, installPackages };
