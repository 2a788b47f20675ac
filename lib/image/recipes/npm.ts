import { z } from "zod";
import { parseValue } from "../../core/props";
import { relativeDirectory } from "../../core/relative-path.schema";
import type { ContainerfileStep } from "../containerfile.model";
import { Mount, Step } from "../step";

/** What {@link npmInstall} installs. */
export interface NpmInstallProps {
  /** Directory of `package.json` and `package-lock.json`, relative to the context. @default - the context itself */
  readonly directory?: string;
  /** Whether packages for development come along. @default true */
  readonly dev?: boolean;
  /** Whether builds on one machine share what they download. @default true */
  readonly cache?: boolean;
}

const npmInstallProps = z.strictObject({
  directory: relativeDirectory.optional(),
  dev: z.boolean().default(true),
  cache: z.boolean().default(true),
});

/**
 * Node packages, exactly as `package-lock.json` says, in a layer that only a change of it or of `package.json` rebuilds. Copy the
 * code after it.
 *
 * @throws GantryError for a directory outside of the context.
 */
export function npmInstall(props: NpmInstallProps = {}): ContainerfileStep[] {
  const { directory, dev, cache } = parseValue("npmInstall", npmInstallProps, props);
  const at = directory === undefined ? "" : `${directory}/`;
  return [
    Step.copy([`${at}package.json`, `${at}package-lock.json`], "./"),
    Step.run(
      ["npm", "ci", "--no-audit", "--no-fund", ...(dev ? [] : ["--omit=dev"])],
      cache ? { mounts: [Mount.cache("/root/.npm")] } : {},
    ),
  ];
}
