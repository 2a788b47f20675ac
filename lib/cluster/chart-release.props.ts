import type { ChartValues } from "./helm-chart";
import type { ImageCatalog } from "./image-catalog";
import type { MemoryQuantity } from "./quantity";
import type { ComputeProps } from "./quota.props";

/** A secret of the cluster by its name, such as one of `addSecretRef`. */
export interface SecretName {
  /** Name of the Secret. */
  readonly secretName: string;
  /** Keys that it has. @default - not known, so not checked */
  readonly keys?: readonly string[];
}

/** What all pods and claims of a release take together, when they are as many as they get. */
export interface ChartCapacityProps {
  /** Pods. */
  readonly pods: number;
  /** What their containers request together. @default - not said; a quota that counts it refuses the release */
  readonly requests?: ComputeProps;
  /** What their containers are limited to together. @default - not said; a quota that counts it refuses the release */
  readonly limits?: ComputeProps;
  /** PersistentVolumeClaims. @default 0 */
  readonly persistentVolumeClaims?: number;
  /** Storage that the claims request together. @default - none */
  readonly storage?: MemoryQuantity;
}

/** How a chart is installed. */
export interface ChartReleaseProps<V extends ChartValues = ChartValues> {
  /** Values over those of the chart. Keys that the chart does not know are refused. @default {} */
  readonly values?: V;
  /** Name of the release, which names of resources begin with. @default - the name of the chart */
  readonly releaseName?: string;
  /**
   * Secrets that are in the cluster, by the part of the chart that reads them (`{ auth: "redis-auth" }`) or by the value that takes
   * the name (`{ "auth.existingSecret": "redis-auth" }`). A catalog chart that would otherwise make up a password, or use a known
   * one, is refused without. @default {}
   */
  readonly existingSecrets?: Readonly<Record<string, string | SecretName>>;
  /** Leave hooks out: rendered by Tanka they would be ordinary resources, test pods among them. @default true */
  readonly noHooks?: boolean;
  /** Kubernetes version that the chart is rendered for, for example `"1.28.4"`. @default - the cluster's */
  readonly kubeVersion?: string;
  /** Where images are taken from. @default - where the chart takes them */
  readonly images?: ImageCatalog;
  /** Values, as paths such as `"master.extra"`, whose keys (and those below) are not checked. @default [] */
  readonly allowUnknown?: readonly string[];
  /**
   * Values whose text may hold `{{`, which many charts run as a template: paths such as `"master.extraEnvVars"`, with what is
   * below them, or `true` for all. @default false
   */
  readonly allowTemplates?: boolean | readonly string[];
  /** Render the chart's own `crds/` too. @default true */
  readonly includeCrds?: boolean;
  /**
   * What the release takes of its namespace, for the proof at synth that everything fits. @default - what the catalog knows of the
   * chart and its values; what it does not know is left out of the proof, with a warning
   */
  readonly capacity?: ChartCapacityProps;
}
