import { Construct } from "constructs";
import { z } from "zod";
import { GeneratedFile } from "../core/generated-file";
import { instanceOf, parseProps } from "../core/props";
import { renderEnv } from "../core/render/env";
import { renderJson } from "../core/render/json";
import type { Parts, RenderTarget } from "./environment";
import { ENVIRONMENT_LABEL, environmentLabel, environmentSettings } from "./environment-settings";
import { DNS_LABEL, DNS_LABEL_WORDS } from "./manifest";
import { renderMain, renderReleases } from "./tanka.render";

/** What an environment needs to know of the cluster whose declaration it renders. */
export abstract class EnvironmentHome extends Construct {
  abstract readonly clusterName: string;
  /** Contexts of kubeconfig that are this cluster. */
  abstract readonly contextNames: readonly string[];
  abstract readonly parts: Parts;
  abstract addEnvironment(environment: TankaEnvironment): void;
}

/** Where the declaration of a cluster is rendered to. */
export interface TankaEnvironmentProps {
  /** The cluster whose namespaces, charts and workloads it renders. */
  readonly cluster: EnvironmentHome;
  /** Namespaces that stand for the declared ones, for example `{ "raibid-system": "raibid-dev" }`. @default - the declared ones */
  readonly namespaces?: Readonly<Record<string, string>>;
  /** Contexts of kubeconfig that it may be applied to. @default - those of the cluster */
  readonly contexts?: readonly string[];
}

const dnsLabel = z.string().regex(DNS_LABEL).describe(DNS_LABEL_WORDS);

/** @internal Runtime twin of {@link TankaEnvironmentProps}. */
export const tankaEnvironmentProps = z.strictObject({
  cluster: instanceOf(EnvironmentHome, "a K3sCluster"),
  namespaces: z.record(dnsLabel, dnsLabel).default({}),
  contexts: z.array(z.string().min(1)).min(1).optional(),
});

const environmentName = z.object({ id: dnsLabel });

/**
 * `tanka/environments/<id>`: the whole declaration of a cluster as Tanka renders, compares and applies it. A cluster has `local`;
 * more are declared beside it.
 */
export class TankaEnvironment extends Construct {
  /** Name, for example `"local"`. */
  readonly environmentName: string;
  /** Contexts of kubeconfig that it may be applied to. */
  readonly contexts: readonly string[];
  readonly target: RenderTarget;

  /** The cluster whose declaration it renders. */
  readonly cluster: EnvironmentHome;

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: TankaEnvironmentProps) {
    super(scope, id);
    parseProps(this, environmentName, { id });
    const { cluster, namespaces, contexts } = parseProps(this, tankaEnvironmentProps, props);
    this.environmentName = id;
    this.cluster = cluster;
    this.contexts = contexts ?? cluster.contextNames;
    this.target = { environment: id, namespace: (declared) => namespaces[declared] ?? declared };
    const path = `tanka/environments/${id}`;
    const { parts } = cluster;
    new GeneratedFile(this, "Spec", { path: `${path}/spec.json`, content: () => renderJson(this.spec()) });
    new GeneratedFile(this, "Main", { path: `${path}/main.jsonnet`, content: () => renderMain(parts.all) });
    new GeneratedFile(this, "Releases", {
      path: `${path}/releases.json`,
      content: () => renderReleases(parts.all, this.target),
    });
    new GeneratedFile(this, "Settings", {
      path: `cluster/environments/${id}.env`,
      content: () => renderEnv(environmentSettings(cluster, this.target, this.contexts)),
    });
    parts.forEach((part) => {
      const [folder, content] =
        part.partKind === "release"
          ? ["values", () => renderJson(part.valuesFor(this.target))]
          : ["manifests", () => renderJson(part.objectsFor(this.target) as never)];
      new GeneratedFile(this, `${folder}-${part.partName}`, {
        path: `${path}/${folder}/${part.partName}.json`,
        content,
      });
    });
    cluster.addEnvironment(this);
    this.node.addValidation({ validate: () => this.clashes() });
  }

  /** Objects that two parts make: the one applied last would be all that is left. */
  private clashes(): string[] {
    const makers = new Map<string, string[]>();
    for (const part of this.cluster.parts.all) {
      if (part.partKind !== "manifests") continue;
      for (const { kind, metadata } of part.objectsFor(this.target)) {
        const key = `${kind} ${metadata.name}${metadata.namespace === undefined ? "" : ` in ${metadata.namespace}`}`;
        makers.set(key, [...(makers.get(key) ?? []), `[${part.node.path}]`]);
      }
    }
    return [...makers]
      .filter(([, paths]) => paths.length > 1)
      .map(([key, paths]) => `${key} is made by ${paths.join(" and ")}; give one of them another name`);
  }

  /** Tanka's own description of the environment. */
  private spec() {
    const [first] = this.cluster.parts.all;
    return {
      apiVersion: "tanka.dev/v1alpha1",
      kind: "Environment",
      metadata: { name: `environments/${this.environmentName}` },
      spec: {
        contextNames: this.contexts,
        namespace: first === undefined ? "default" : this.target.namespace(first.namespaceName),
        // Definitions of KEDA are larger than the annotation that kubectl keeps on the client's side.
        applyStrategy: "server",
        injectLabels: true,
        resourceDefaults: {
          labels: { [ENVIRONMENT_LABEL]: environmentLabel(this.cluster.clusterName, this.environmentName) },
        },
      },
    };
  }
}
