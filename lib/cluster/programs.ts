import { join } from "node:path";
import type { ProgramSet } from "../core/program-library";

/** Programs of `scripts/cluster`: the program `cluster`. A test compares the names with the directory. */
export const CLUSTER_PROGRAMS: ProgramSet = {
  folder: "cluster",
  directory: join(__dirname, "scripts/cluster"),
  executable: false,
  names: [
    "cmd-definitions.sh",
    "cmd-help.sh",
    "cmd-import-image.sh",
    "cmd-preflight.sh",
    "cmd-show.sh",
    "environment.sh",
    "images.sh",
    "ports.sh",
    "preflight.sh",
    "program.sh",
    "settings.sh",
  ],
};
