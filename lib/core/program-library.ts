import { join } from "node:path";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { GeneratedFile, staticFile } from "./generated-file";

/** Static programs that lie beside a construct. */
export interface ProgramSet {
  /** Where they are generated: `lib/gantry/<folder>`. */
  readonly folder: string;
  /** Where they lie, absolute. */
  readonly directory: string;
  /** File names. */
  readonly names: readonly string[];
  /** Whether people or machines run them by their path, rather than other programs sourcing them. */
  readonly executable: boolean;
}

const SCRIPTS = join(__dirname, "scripts");
const ID = "GantryPrograms";

/** Programs of `scripts` that every program of ours sources. A test compares the list with the directory. */
export const COMMON_PROGRAMS: readonly string[] = [
  "common.sh",
  "context-plain.sh",
  "context.sh",
  "findings.sh",
  "floating-bases.sh",
  "help.sh",
  "image-format.sh",
  "lock.sh",
  "main.sh",
  "project.sh",
  "run-log.sh",
  "ssh.sh",
  "terraform.sh",
];

/** A program that is the same for every stack, so that stacks on one root share it. */
class SharedFile extends GeneratedFile {
  override readonly shared = true;
}

/** The static programs of a stack, in `lib/gantry`. All constructs of the stack share them, and all stacks of a root. */
export class ProgramLibrary extends Construct {
  /** The library of the stack that a construct is in; made on first use. */
  static of(scope: Construct): ProgramLibrary {
    const stack = TerraformStack.of(scope);
    return (stack.node.tryFindChild(ID) as ProgramLibrary | undefined) ?? new ProgramLibrary(stack, ID);
  }

  private constructor(scope: Construct, id: string) {
    super(scope, id);
    this.add({ folder: "common", directory: SCRIPTS, names: COMMON_PROGRAMS, executable: false });
  }

  /** Adds programs; does nothing when those of the folder are there. */
  add({ folder, directory, names, executable }: ProgramSet): this {
    for (const name of names) {
      const id = `${folder}-${name}`;
      if (this.node.tryFindChild(id) !== undefined) continue;
      const content = staticFile(join(directory, name));
      new SharedFile(this, id, { path: `lib/gantry/${folder}/${name}`, content, executable });
    }
    return this;
  }
}

/** The entry program `bin/<name>`; it finds its settings `<name>/<kind>.env` and the programs `lib/gantry/<kind>` by its own name. */
export function addLauncher(scope: Construct, name: string): GeneratedFile {
  return new GeneratedFile(scope, "Program", {
    path: `bin/${name}`,
    content: staticFile(join(SCRIPTS, "launcher.sh")),
    executable: true,
  });
}
