import type { K3sClusterModel } from "./k3s-model";
import type { Needs } from "./needs";

/**
 * What k3s puts into kube-system itself, by the requests of its manifests (`manifests/coredns.yaml` and
 * `manifests/metrics-server/metrics-server-deployment.yaml` of k3s 1.28). Its other parts request nothing.
 */
export function systemNeeds({ disable }: Pick<K3sClusterModel, "disable">): Needs {
  const pod = (name: string, limits = {}) => ({
    name,
    count: 1,
    containers: [{ name, requests: { cpu: 100, memory: 70 }, limits }],
  });
  return {
    pods: [
      ...(disable.includes("coredns") ? [] : [pod("coredns", { memory: 170 })]),
      ...(disable.includes("metrics-server") ? [] : [pod("metrics-server")]),
    ],
    claims: [],
  };
}
