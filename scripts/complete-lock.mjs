// After `npm install` behind a registry mirror that has no binaries for other platforms: npm then leaves those optional
// packages out of package-lock.json, and `npm ci` refuses the file everywhere, also on a Mac. Writes the missing entries,
// without a checksum, which such a mirror cannot give; `npm install` at a full registry adds it.
// usage: node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const systems = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];

for (const [where, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (where === "" || `node_modules/${name}` in lock.packages || `${where}/node_modules/${name}` in lock.packages)
      continue;
    const words = name.split(/[-/]/);
    const os = systems.find((each) => words.includes(each));
    const cpu = processors.find((each) => words.includes(each));
    if (os === undefined || cpu === undefined || !/^\d/.test(version)) continue; // not a binary of one platform
    const libc = words.some((word) => word.startsWith("musl")) ? "musl" : "glibc";
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(parent.dev ? { dev: true } : {}),
      ...(os === "linux" ? { libc: [libc] } : {}),
      optional: true,
      os: [os],
    };
    console.log(`added ${name}@${version}: ${os} ${cpu}`);
  }
}
const entries = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
lock.packages = Object.fromEntries(entries);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
