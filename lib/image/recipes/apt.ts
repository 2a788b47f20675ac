import { z } from "zod";
import { parseValue } from "../../core/props";
import type { ContainerfileStep } from "../containerfile.model";
import { Mount, Step } from "../step";
import { cacheName, packageNames } from "./package-names.schema";

/** What {@link aptInstall} installs. */
export interface AptInstallProps {
  readonly packages: readonly string[];
  /**
   * Name of a cache for lists and packages that builds on one machine share. One for each release of a distribution, such as
   * `"ubuntu-24.04"`: their lists must not mix. @default - none; both are removed in the same layer
   */
  readonly cache?: string;
}

const aptInstallProps = z.strictObject({ packages: packageNames, cache: cacheName.optional() });

/**
 * Debian and Ubuntu packages, without recommended ones, in one layer that keeps neither lists nor downloads.
 *
 * @throws GantryError for names that are none.
 */
export function aptInstall(props: AptInstallProps): ContainerfileStep[] {
  const { packages, cache } = parseValue("aptInstall", aptInstallProps, props);
  const install = `DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (cache === undefined) return [Step.shell(["apt-get update", install, "rm -rf /var/lib/apt/lists/*"])];
  const mounts = [
    Mount.cache("/var/cache/apt", { id: `apt-cache-${cache}`, sharing: "locked" }),
    Mount.cache("/var/lib/apt/lists", { id: `apt-lists-${cache}`, sharing: "locked" }),
  ];
  // Images of Debian and Ubuntu have apt delete what it has downloaded.
  return [Step.shell(["rm -f /etc/apt/apt.conf.d/docker-clean", "apt-get update", install], { mounts })];
}
