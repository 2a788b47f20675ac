import { z } from "zod";

/** @internal Names of system packages, as they stand on a command line. Sorted, so that their order causes no rebuild. */
export const packageNames = z
  .array(
    z
      .string()
      .regex(/^[A-Za-z0-9@][A-Za-z0-9+.:~=_*^/-]*$/)
      .describe('the name of a package, with or without a version, such as "ffmpeg" or "git=1:2.43.0-1"'),
  )
  .min(1)
  .transform((names) => [...new Set(names)].sort());

/** @internal Name of a cache that builds share. */
export const cacheName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
  .describe('a name of letters, digits, dots, dashes and underscores, such as "ubuntu-24.04"');
