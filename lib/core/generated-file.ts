import { readFileSync } from "node:fs";
import { TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { z } from "zod";
import { GantryError } from "./errors";
import { pathFault } from "./file-path";
import { FILE_MARK, FileSynthesizer, type RenderContext } from "./file-synthesizer";
import { parseProps } from "./props";
import { showValue } from "./show-value";

/** Text of a generated file, or a function that makes it once the whole tree is declared. */
export type FileContent = string | ((context: RenderContext) => string);

/** Where a {@link GeneratedFile} goes and what is in it. */
export interface GeneratedFileProps {
  /** Path below the stack's file root, with `/`, for example `"bin/builder"`. */
  readonly path: string;
  /** The text, or a function called once at synth. Must hold no Terraform reference: files are written before apply. */
  readonly content: FileContent;
  /** Whether people run it: mode 0755 instead of 0644. @default false */
  readonly executable?: boolean;
}

/** @internal Runtime twin of {@link GeneratedFileProps}. */
export const generatedFileProps = z.strictObject({
  path: z.string().superRefine((path, context) => {
    const fault = pathFault(path);
    if (fault !== undefined) context.addIssue(fault);
  }),
  content: z
    .custom<FileContent>((content) => typeof content === "string" || typeof content === "function")
    .describe("the text, or a function that makes it"),
  executable: z.boolean().default(false),
});

/**
 * A file that synthesis writes beside the Terraform JSON. Inert until then: the constructor reads and writes nothing.
 *
 * Files go to `<outdir>/stacks/<stack>/files`, or to the directory named by {@link setFileRoot} or the context key
 * `gantry:root`. Synthesis fails, and writes nothing, on two files of one path, or a Terraform reference in the text.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * new GeneratedFile(stack, "Motd", { path: "etc/motd", content: "welcome\n" });
 */
export class GeneratedFile extends Construct {
  /** @internal */
  readonly [FILE_MARK] = true;
  /** Path below the file root. */
  readonly path: string;
  /** Whether it is written with mode 0755. */
  readonly executable: boolean;
  /** @internal Whether equal files of several stacks on one root are one file. */
  readonly shared: boolean = false;
  private content: FileContent;

  /** @throws GantryError for a path that is absolute, leaves the root or is not the same on every system. */
  constructor(scope: Construct, id: string, props: GeneratedFileProps) {
    super(scope, id);
    const { path, content, executable } = parseProps(this, generatedFileProps, props);
    this.path = path;
    this.content = content;
    this.executable = executable;
    const synthesizer = FileSynthesizer.install(TerraformStack.of(this));
    this.node.addValidation({ validate: () => synthesizer.faultOf(this) });
  }

  /** Puts other content in this file's place: the way to replace a static program of ours by one of yours. */
  overrideContent(content: FileContent): void {
    this.content = content;
  }

  /** The text of the file. Called at synth. */
  render(context: RenderContext): string {
    return typeof this.content === "string" ? this.content : this.content(context);
  }
}

/** Content of a program that lives beside its construct, read at synth. */
export function staticFile(absolutePath: string): FileContent {
  return () => readFileSync(absolutePath, "utf8");
}

/**
 * Writes the stack's generated files to `directory` (relative to the working directory of the synth) instead of
 * `<outdir>/stacks/<stack>/files`, so that a repository can adopt them in place. Several stacks may share a directory.
 *
 * @throws GantryError for anything but a text that is not empty, and for a Terraform reference.
 */
export function setFileRoot(stack: TerraformStack, directory: string): void {
  // From JavaScript it may be anything.
  if (typeof (directory as unknown) !== "string" || directory === "" || Token.isUnresolved(directory)) {
    throw new GantryError("setFileRoot: invalid props", [
      { property: "directory", message: `got ${showValue(directory)}; allowed: a directory, such as "."` },
    ]);
  }
  FileSynthesizer.install(stack).root = directory;
}
