import type { Data } from "../core/render/model";
import { renderYaml } from "../core/render/yaml";
import type { ApiObject } from "./manifest";

const KINDS = ["Namespace", "ResourceQuota", "LimitRange"];

/** `resource-quotas.yaml`: namespaces with their quotas and limits, as `kubectl apply -f` takes them. */
export function renderQuotas(objects: readonly ApiObject[]): string {
  const documents = objects
    .filter(({ kind }) => KINDS.includes(kind))
    .map((each) => renderYaml(each as unknown as Data));
  return `# Namespaces of the environment local with their quotas; it applies them itself.\n${documents.map((text) => `---\n${text}`).join("")}`;
}
