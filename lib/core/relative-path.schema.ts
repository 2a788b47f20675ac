import { z } from "zod";

/** @internal A path below a directory that is only known when a program runs: relative, with `/`, never leaving it. */
export const relativeDirectory = z
  .string()
  .regex(/^[^\0\n\r/\\-][^\0\n\r\\]*$/)
  .refine((path) => !path.split("/").includes("..") && !/^[A-Za-z]:/.test(path) && !path.startsWith("~"))
  .describe('a relative path with "/" and without "..", such as "images/vllm"');
