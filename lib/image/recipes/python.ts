import { z } from "zod";
import { instanceOf, parseValue } from "../../core/props";
import { relativeDirectory } from "../../core/relative-path.schema";
import type { ContainerfileStep } from "../containerfile.model";
import { PinnedImage } from "../pinned-image";
import { Mount, Step } from "../step";

/** What {@link pipInstall} installs. */
export interface PipInstallProps {
  /** Files with requirements, relative to the context. @default ["requirements.txt"] */
  readonly requirements?: readonly string[];
  /** Whether every requirement must have a hash, and the download fit it. @default false */
  readonly requireHashes?: boolean;
  /** Whether builds on one machine share what they download. @default true */
  readonly cache?: boolean;
}

const pipInstallProps = z.strictObject({
  requirements: z.array(relativeDirectory).min(1).default(["requirements.txt"]),
  requireHashes: z.boolean().default(false),
  cache: z.boolean().default(true),
});

/**
 * Python packages by pip, in a layer that only a change of the requirements rebuilds. Copy the code after it.
 *
 * @throws GantryError for paths outside of the context.
 */
export function pipInstall(props: PipInstallProps = {}): ContainerfileStep[] {
  const { requirements, requireHashes, cache } = parseValue("pipInstall", pipInstallProps, props);
  const command = [
    ...["pip", "install", "--disable-pip-version-check", "--root-user-action=ignore"],
    ...(cache ? [] : ["--no-cache-dir"]),
    ...(requireHashes ? ["--require-hashes"] : []),
    ...requirements.flatMap((file) => ["-r", file]),
  ];
  return [
    ...requirements.map((file) => Step.copy([file], file)),
    Step.run(command, cache ? { mounts: [Mount.cache("/root/.cache/pip")] } : {}),
  ];
}

/** What {@link uvSync} installs. */
export interface UvSyncProps {
  /** Image to take `uv` from, such as `pinned("ghcr.io/astral-sh/uv:0.9.0", "sha256:…")`. @default - it is there already */
  readonly uv?: PinnedImage;
  /** Whether packages for development come along. @default false */
  readonly dev?: boolean;
  /** Whether builds on one machine share what they download. @default true */
  readonly cache?: boolean;
}

const uvSyncProps = z.strictObject({
  uv: instanceOf(PinnedImage, "pinned(…)").optional(),
  dev: z.boolean().default(false),
  cache: z.boolean().default(true),
});

/**
 * Python packages by uv, exactly as `uv.lock` says, in a layer that only a change of `pyproject.toml` and `uv.lock` rebuilds. Copy
 * the code after it; `.venv/bin` comes first on the `PATH` if the working directory is `/app`.
 *
 * @throws GantryError for props that are none.
 */
export function uvSync(props: UvSyncProps = {}): ContainerfileStep[] {
  const { uv, dev, cache } = parseValue("uvSync", uvSyncProps, props);
  return [
    ...(uv === undefined ? [] : [Step.copy(["/uv"], "/usr/local/bin/uv", { from: uv })]),
    // A cache on another file system cannot be linked to.
    Step.env({ UV_LINK_MODE: "copy", UV_COMPILE_BYTECODE: "1", UV_PYTHON_DOWNLOADS: "never" }),
    Step.copy(["pyproject.toml", "uv.lock"], "./"),
    Step.run(
      [
        "uv",
        "sync",
        "--frozen",
        "--no-install-project",
        ...(dev ? [] : ["--no-dev"]),
        ...(cache ? [] : ["--no-cache"]),
      ],
      cache ? { mounts: [Mount.cache("/root/.cache/uv")] } : {},
    ),
  ];
}
