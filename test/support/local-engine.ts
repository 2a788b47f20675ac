// Podman on this machine with a home and images of its own, for builders that are this machine.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasTool } from "./tools";

export class LocalEngine {
  readonly home = mkdtempSync(join(tmpdir(), "gantry-local-"));
  /** What programs that use it need in their environment. */
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    const [storage, containers] = [join(this.home, "storage.conf"), join(this.home, "containers.conf")];
    writeFileSync(
      storage,
      `[storage]\ndriver = "overlay"\ngraphroot = "${this.home}/store"\nrunroot = "${this.home}/run"\n`,
    );
    writeFileSync(
      containers,
      `[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n${hasTool("runc") ? 'runtime = "runc"\n' : ""}`,
    );
    this.env = {
      HOME: this.home,
      CONTAINERS_STORAGE_CONF: storage,
      CONTAINERS_CONF: containers,
      BUILDAH_ISOLATION: "chroot",
    };
  }

  /** The images' files may belong to subordinate ids, or, as root, be mounted. */
  remove(): void {
    const store = join(this.home, "store");
    if (process.getuid?.() === 0) spawnSync("umount", [join(store, "overlay")]);
    else spawnSync("podman", ["unshare", "rm", "-rf", store], { env: { ...process.env, ...this.env } });
    rmSync(this.home, { recursive: true, force: true });
  }
}
