import { join } from "node:path";
import type { ProgramSet } from "../core/program-library";

/** Programs of `scripts/image`: the program `image`. A test compares the names with the directory. */
export const IMAGE_PROGRAMS: ProgramSet = {
  folder: "image",
  directory: join(__dirname, "scripts/image"),
  executable: false,
  names: [
    "builder.sh",
    "cmd-gc.sh",
    "cmd-promote.sh",
    "cmd-publish.sh",
    "cmd-release.sh",
    "cmd-verify.sh",
    "program.sh",
    "registry-host.sh",
    "registry.sh",
    "settings.sh",
  ],
};

/** Programs of `scripts/dev`: the program of a DevStack. A test compares the names with the directory. */
export const DEV_PROGRAMS: ProgramSet = {
  folder: "dev",
  directory: join(__dirname, "scripts/dev"),
  executable: false,
  names: [
    "cmd-backup.sh",
    "cmd-build.sh",
    "cmd-clean.sh",
    "cmd-doctor.sh",
    "cmd-fast.sh",
    "cmd-full.sh",
    "cmd-help.sh",
    "cmd-local.sh",
    "cmd-logs.sh",
    "cmd-setup.sh",
    "cmd-status.sh",
    "cmd-stop.sh",
    "cmd-usage.sh",
    "cmd-version.sh",
    "cmd-volumes.sh",
    "engine.sh",
    "hash.sh",
    "health.sh",
    "native.sh",
    "ports.sh",
    "program.sh",
    "run.sh",
    "settings.sh",
  ],
};
