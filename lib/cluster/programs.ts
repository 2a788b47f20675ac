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
    "cmd-install.sh",
    "cmd-kubeconfig.sh",
    "cmd-logs.sh",
    "cmd-scale.sh",
    "cmd-secrets.sh",
    "cmd-show.sh",
    "cmd-snapshot.sh",
    "cmd-status.sh",
    "cmd-uninstall.sh",
    "cmd-up.sh",
    "cmd-upgrade.sh",
    "cmd-vendor.sh",
    "environment.sh",
    "nodes.sh",
    "program.sh",
    "queue.sh",
    "settings.sh",
    "vendor-fetch.sh",
    "vendor-update.sh",
    "vendor.sh",
  ],
};
