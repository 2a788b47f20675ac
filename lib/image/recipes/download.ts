import { z } from "zod";
import { shellQuote } from "../../core/render/env";

/** A file from the web, and what it must be. */
export interface Download {
  /** Where it is: `https://…`. */
  readonly url: string;
  /** Its sha256 in hexadecimal: another file fails the build. */
  readonly sha256: string;
  /** Path below the directory that downloads go to. */
  readonly to: string;
}

/** @internal */
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("a sha256 of 64 hexadecimal digits");

/** @internal Runtime twin of {@link Download}. */
export const download = z.strictObject({
  url: z
    .string()
    .regex(/^https:\/\/[^\s'"\\<>\0]+$/)
    .describe('an address with https, such as "https://example.com/model.onnx"'),
  sha256,
  to: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/)
    .describe('a path below the directory, such as "piper/voice.onnx"'),
});

/** Shell commands that fetch a file and check what it is. They need `curl` and `sha256sum`. */
export function downloadCommands({ url, sha256: sum, to }: Download): string[] {
  const directory = to.includes("/") ? [`mkdir -p ${to.replace(/\/[^/]*$/, "")}`] : [];
  return [
    ...directory,
    `curl -fsSL --retry 3 --proto =https -o ${to} ${shellQuote(url)}`,
    `echo ${shellQuote(`${sum}  ${to}`)} | sha256sum -c -`,
  ];
}
