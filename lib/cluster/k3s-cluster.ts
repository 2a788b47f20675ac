import { join } from "node:path";
import { Annotations, Aspects } from "cdktf";
import type { Construct } from "constructs";
import { regionOf } from "../core/aws/region";
import { GantryError, type Fault } from "../core/errors";
import { GeneratedFile, staticFile } from "../core/generated-file";
import { parseProps } from "../core/props";
import { renderEnv } from "../core/render/env";
import { proveCapacity, type CapacityFindings } from "./capacity";
import { ChartLock } from "./chart-lock";
import { ClusterProgram } from "./cluster-program";
import { Parts, type Part } from "./environment";
import type { K3sClusterProps } from "./k3s-cluster.props";
import { k3sClusterFaults } from "./k3s-cluster.rules";
import { k3sClusterProps } from "./k3s-cluster.schema";
import { renderK3d, renderK3sConfig, renderRegistries, renderUpgradePlans } from "./k3s-config.render";
import { addK3sMachines, type K3sMachines } from "./k3s-ec2";
import { allocatableOf, k3sClusterModel, type K3sClusterModel } from "./k3s-model";
import { clusterSettings, k3sSettings } from "./k3s-settings";
import type { Allocatable } from "./machine-profile";
import { Namespace, type NamespaceProps } from "./namespace";
import { renderQuotas } from "./quotas.render";
import { systemNeeds } from "./system-needs";
import { EnvironmentHome, TankaEnvironment } from "./tanka-environment";
import { TankaProject } from "./tanka-project";

export type * from "./k3s-cluster.props";

const SCRIPTS = join(__dirname, "scripts/k3s");

/**
 * A k3s cluster: on this machine, on machines that ssh reaches, on EC2, or in containers. Synthesis writes what k3s reads and the
 * programs that install and remove it, `infra/k3s/` and `infra/k3d/`; tokens are made on the hosts and are in none of it.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * new K3sCluster(stack, "raibid-ci", {
 *   version: "v1.28.5+k3s1",
 *   servers: [{ name: "dgx", machine: MachineProfile.dgxSpark() }],
 *   disable: ["traefik"],
 * });
 */
export class K3sCluster extends EnvironmentHome {
  readonly clusterName: string;
  readonly contextNames: readonly string[];
  readonly parts = new Parts();
  /** The program `bin/cluster`. */
  readonly program: ClusterProgram;
  /** The environment `local`. */
  readonly local: TankaEnvironment;
  /** Checked props, with everything that follows from them. */
  readonly model: K3sClusterModel;
  /** Its machines, on EC2. */
  readonly machines: K3sMachines | undefined;
  /** The context in kubeconfig files: `k3s-<name>`, or k3d's `k3d-<name>`. */
  readonly contextName: string;
  /** Minor of its Kubernetes: 28. */
  readonly kubeMinor: number;
  /** Its Kubernetes: `"v1.28.5"`. */
  readonly kubeVersion: string;
  /**
   * What workloads may have: what the nodes are said to have, less what is reserved. The kubelet keeps 100 MiB of each node
   * beyond that unless `eviction-hard` says otherwise, and firmware takes its part of the memory a machine is sold with.
   */
  readonly allocatable: Allocatable;
  /** Files of `<directory>/k3s` and `<directory>/k3d`, by their names below `directory`. */
  readonly files: ReadonlyMap<string, GeneratedFile>;

  private readonly environments: TankaEnvironment[] = [];

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: K3sClusterProps) {
    super(scope, id);
    const given: unknown = props; // from JavaScript it may be nothing at all
    const named = typeof given === "object" && given !== null ? { ...props, name: props.name ?? id } : given;
    const parsed = parseProps(this, k3sClusterProps, named);
    const faults = k3sClusterFaults(parsed);
    if (faults.length > 0) throw new GantryError(`[${this.node.path}] K3sCluster: invalid props`, faults);
    this.model = k3sClusterModel(this, parsed);
    this.contextName = this.model.contextName;
    this.kubeMinor = this.model.version.kubeMinor;
    this.kubeVersion = this.model.version.kubeVersion;
    this.allocatable = allocatableOf(this.model.nodes);
    this.machines = this.model.target.kind === "ec2" ? addK3sMachines(this, this.model, this.model.target) : undefined;
    this.files = this.addFiles();
    this.warn();
    this.clusterName = this.model.name;
    this.contextNames = contextsOf(this.model);
    this.program = new ClusterProgram(this, "Program");
    this.program.addSettings(() => ({
      ...clusterSettings(this.model),
      PROJECT: this.model.project,
      REGION: regionOf(this) ?? "",
      ENVIRONMENTS: this.environments.map(({ environmentName }) => environmentName).join(" "),
    }));
    new TankaProject(this, "Tanka");
    new ChartLock(this, "Charts", () => this.parts.charts);
    this.local = new TankaEnvironment(this, "local", { cluster: this });
    this.node.addValidation({ validate: () => lines(this.proveCapacity().cluster) });
    // Not a validation: those are asked twice, and what they say is an error.
    Aspects.of(this).add({
      visit: (node) => {
        if (node === this) this.proveCapacity().warnings.forEach((text) => Annotations.of(this).addWarning(text));
      },
    });
  }

  /** A namespace, with its quota, limits and what runs in it. */
  addNamespace(name: string, props: NamespaceProps = {}): Namespace {
    return new Namespace(this, name, props);
  }

  addPart(part: Part): void {
    this.parts.add(part);
    if (!(part instanceof Namespace)) return;
    part.node.addValidation({
      validate: () => lines(this.proveCapacity().namespaces.get(part.namespaceName) ?? []),
    });
  }

  addEnvironment(environment: TankaEnvironment): void {
    this.environments.push(environment);
  }

  /** Whether everything declared has room; see {@link proveCapacity}. */
  private proveCapacity(): CapacityFindings {
    return proveCapacity({
      contexts: this.contextNames,
      nodes: this.model.nodes.map(({ allocatable }) => allocatable),
      system: systemNeeds(this.model),
      namespaces: this.namespaces,
      parts: this.parts.all,
      environments: this.environments,
    });
  }

  private get namespaces(): Namespace[] {
    return this.parts.all.filter((part) => part instanceof Namespace);
  }

  private warn(): void {
    const { secretsEncryption, registries, target, nodes } = this.model;
    const warnings: string[] = [];
    if (!secretsEncryption)
      warnings.push("secretsEncryption: secrets lie in the datastore and its snapshots as they are");
    for (const [name, { insecureSkipVerify }] of Object.entries(registries.registries)) {
      if (!insecureSkipVerify) continue;
      warnings.push(`registries.registries["${name}"]: whoever answers in its place can forge every image`);
    }
    if (target.kind === "ssh" && nodes.length > 1) {
      const unpinned = nodes.filter(({ host }) => host?.hostKey === undefined).map(({ name }) => name);
      if (unpinned.length > 0) {
        warnings.push(
          `target: the host key of ${unpinned.join(", ")} is taken at first contact, and the join token goes there; give hostKey`,
        );
      }
    }
    for (const warning of warnings) Annotations.of(this).addWarning(warning);
  }

  private addFiles(): ReadonlyMap<string, GeneratedFile> {
    const { model } = this;
    const files = new Map<string, GeneratedFile>();
    const add = (
      path: string,
      content: ConstructorParameters<typeof GeneratedFile>[2]["content"],
      executable = false,
    ) => files.set(path, new GeneratedFile(this, path, { path: `${model.directory}/${path}`, content, executable }));
    add("k3d/cluster.yaml", renderK3d(model));
    add("k3s/resource-quotas.yaml", () =>
      renderQuotas(this.namespaces.flatMap((namespace) => namespace.objectsFor(this.local.target))),
    );
    if (model.target.kind === "k3d") return files;
    for (const node of model.nodes) {
      add(node.first ? "k3s/config.yaml" : `k3s/nodes/${node.name}.yaml`, renderK3sConfig(model, node));
    }
    add("k3s/registries.yaml", renderRegistries(model));
    add("k3s/upgrade-plan.yaml", renderUpgradePlans(model));
    add("k3s/k3s.env", renderEnv(k3sSettings(model)));
    add("k3s/install.sh", staticFile(join(SCRIPTS, "install.sh")), true);
    add("k3s/uninstall.sh", staticFile(join(SCRIPTS, "uninstall.sh")), true);
    add("k3s/state.sh", staticFile(join(SCRIPTS, "state.sh")), true);
    return files;
  }
}

const lines = (faults: readonly Fault[]) => faults.map(({ property, message }) => `${property}: ${message}`);

/** Contexts that are this cluster. k3s itself calls its own `default`; a k3d cluster can take the place of a native one. */
function contextsOf({ contextName, name, target }: K3sClusterModel): string[] {
  return target.kind === "native" ? [contextName, `k3d-${name}`, "default"] : [contextName];
}
