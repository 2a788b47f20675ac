import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { GeneratedFile, staticFile } from "../core/generated-file";
import { CLIENT_PROGRAMS, HOST_PROGRAMS } from "./programs";

/** Where the static programs lie. */
export const SCRIPTS = join(__dirname, "scripts");
const ID = "GantryBuilderLibrary";

/** The static programs that all builders of a stack share: `lib/gantry/client` runs on your machine, `lib/gantry/host` on the builder. */
export class BuilderLibrary extends Construct {
  /** The library of a stack; made on first use. */
  static of(stack: TerraformStack): BuilderLibrary {
    return (stack.node.tryFindChild(ID) as BuilderLibrary | undefined) ?? new BuilderLibrary(stack, ID);
  }

  private constructor(scope: Construct, id: string) {
    super(scope, id);
    for (const name of CLIENT_PROGRAMS) this.add("client", name);
    for (const name of HOST_PROGRAMS) this.add("host", name);
  }

  private add(side: "client" | "host", name: string): void {
    new GeneratedFile(this, `${side}-${name}`, {
      path: `lib/gantry/${side}/${name}`,
      content: staticFile(join(SCRIPTS, side, name)),
      executable: side === "host",
    });
  }
}

/** The entry program of one builder; it finds its settings by its own name. */
export function addLauncher(scope: Construct, name: string): GeneratedFile {
  return new GeneratedFile(scope, "Program", {
    path: `bin/${name}`,
    content: staticFile(join(SCRIPTS, "launcher.sh")),
    executable: true,
  });
}
