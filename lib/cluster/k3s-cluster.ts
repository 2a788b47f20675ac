import type { Construct } from "constructs";
import { Parts, type Part } from "./environment";
import { ClusterProgram } from "./cluster-program";
import { Namespace, type NamespaceProps } from "./namespace";
import { EnvironmentHome, TankaEnvironment } from "./tanka-environment";
import { TankaProject } from "./tanka-project";

/** Cluster. */
export class K3sCluster extends EnvironmentHome {
  readonly clusterName: string;
  readonly contextNames: readonly string[];
  readonly kubeVersion = "v1.28.4";
  readonly parts = new Parts();
  /** The program `bin/cluster`. */
  readonly program: ClusterProgram;
  /** The environment `local`. */
  readonly local: TankaEnvironment;
  private readonly environments: TankaEnvironment[] = [];

  constructor(scope: Construct, id: string, _props: object = {}) {
    super(scope, id);
    this.clusterName = id;
    this.contextNames = [`k3s-${id}`];
    this.program = new ClusterProgram(this, "Program");
    this.program.addSettings(() => ({
      CLUSTER: this.clusterName,
      ENVIRONMENTS: this.environments.map(({ environmentName }) => environmentName).join(" "),
    }));
    new TankaProject(this, "Tanka");
    this.local = new TankaEnvironment(this, "local", { cluster: this });
  }

  /** A namespace, with its quota, limits and what runs in it. */
  addNamespace(name: string, props: NamespaceProps = {}): Namespace {
    return new Namespace(this, name, props);
  }

  addPart(part: Part): void {
    this.parts.add(part);
  }

  addEnvironment(environment: TankaEnvironment): void {
    this.environments.push(environment);
  }
}
