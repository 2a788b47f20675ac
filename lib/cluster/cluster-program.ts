import { Construct } from "constructs";
import { GeneratedFile } from "../core/generated-file";
import { addLauncher, ProgramLibrary } from "../core/program-library";
import { renderEnv, type EnvModel } from "../core/render/env";
import { CLUSTER_PROGRAMS } from "./programs";

const NAME = "cluster";

/** The program `bin/cluster`: what people and machines do with a cluster. */
export class ClusterProgram extends Construct {
  /** The program `bin/cluster`. */
  readonly program: GeneratedFile;
  /** Settings it reads: `cluster/cluster.env`. */
  readonly settings: GeneratedFile;

  private readonly sources: (() => EnvModel)[] = [];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    ProgramLibrary.of(this).add(CLUSTER_PROGRAMS);
    this.program = addLauncher(this, NAME);
    this.settings = new GeneratedFile(this, "Settings", {
      path: `${NAME}/cluster.env`,
      content: ({ stackDirectory, adoptedRoot }) =>
        renderEnv({
          ...this.sources.reduce<EnvModel>((settings, source) => ({ ...settings, ...source() }), {}),
          STACK_DIR: stackDirectory,
          PROJECT_DIR: adoptedRoot ? "." : "",
        }),
    });
  }

  /** Adds settings, asked for at synth. */
  addSettings(source: () => EnvModel): void {
    this.sources.push(source);
  }
}
