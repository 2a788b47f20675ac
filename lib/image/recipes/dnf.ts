import { z } from "zod";
import { parseValue } from "../../core/props";
import type { ContainerfileStep } from "../containerfile.model";
import { Mount, Step } from "../step";
import { cacheName, packageNames } from "./package-names.schema";

/** What {@link dnfInstall} installs. */
export interface DnfInstallProps {
  readonly packages: readonly string[];
  /** Name of a cache that builds on one machine share, such as `"rhel-9"`. @default - none; downloads go in the same layer */
  readonly cache?: string;
}

const dnfInstallProps = z.strictObject({ packages: packageNames, cache: cacheName.optional() });

/**
 * Packages of Fedora, RHEL and their relatives, without weak dependencies and documentation, in one layer.
 *
 * @throws GantryError for names that are none.
 */
export function dnfInstall(props: DnfInstallProps): ContainerfileStep[] {
  const { packages, cache } = parseValue("dnfInstall", dnfInstallProps, props);
  const options = "-y --setopt=install_weak_deps=False --nodocs";
  if (cache === undefined) {
    return [Step.shell([`dnf install ${options} ${packages.join(" ")}`, "dnf clean all", "rm -rf /var/cache/dnf"])];
  }
  const mounts = [Mount.cache("/var/cache/dnf", { id: `dnf-${cache}`, sharing: "locked" })];
  return [Step.shell([`dnf install ${options} --setopt=keepcache=True ${packages.join(" ")}`], { mounts })];
}
