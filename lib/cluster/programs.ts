import { join } from "node:path";
import type { ProgramSet } from "../core/program-library";

/** Programs of `scripts/cluster`: the program `cluster`. A test compares the names with the directory. */
export const CLUSTER_PROGRAMS: ProgramSet = {
  folder: "cluster",
  directory: join(__dirname, "scripts/cluster"),
  executable: false,
  names: [
    "api.sh",
    "cmd-apply.sh",
    "cmd-ci.sh",
    "cmd-diff.sh",
    "cmd-down.sh",
    "cmd-enqueue.sh",
    "cmd-export.sh",
    "cmd-help.sh",
    "cmd-logs.sh",
    "cmd-scale.sh",
    "cmd-secrets.sh",
    "cmd-show.sh",
    "cmd-status.sh",
    "environment.sh",
    "program.sh",
    "queue.sh",
    "settings.sh",
  ],
};
