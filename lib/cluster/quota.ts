import type { z } from "zod";
import { compact, type ApiObject } from "./manifest";
import type { ComputeNeed } from "./needs";
import { cpuMillis, memoryMib } from "./quantity";
import type { computeProps, limitsProps, quotaProps } from "./quota.schema";

/** A quota as it was parsed. */
export type QuotaModel = z.output<typeof quotaProps>;
/** Limits as they were parsed. */
export type LimitsModel = z.output<typeof limitsProps>;

/** Parsed CPU and memory as numbers. */
export function computeNeed({ cpu, memory }: z.output<typeof computeProps>): ComputeNeed {
  return {
    cpu: cpu === undefined ? undefined : cpuMillis(cpu),
    memory: memory === undefined ? undefined : memoryMib(memory),
  };
}

/** The ResourceQuota of a namespace. */
export function resourceQuota(namespace: string, quota: QuotaModel, labels: Record<string, string>): ApiObject {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: `${namespace}-quota`, namespace, labels },
    spec: {
      hard: compact({
        pods: quota.pods?.toString(),
        "requests.cpu": quota.requests?.cpu,
        "requests.memory": quota.requests?.memory,
        "limits.cpu": quota.limits?.cpu,
        "limits.memory": quota.limits?.memory,
        persistentvolumeclaims: quota.persistentVolumeClaims?.toString(),
        "requests.storage": quota.storage,
      }),
    },
  };
}

/** The LimitRange of a namespace. */
export function limitRange(namespace: string, limits: LimitsModel, labels: Record<string, string>): ApiObject {
  const container = compact({
    default: limits.default && compact(limits.default),
    defaultRequest: limits.defaultRequest && compact(limits.defaultRequest),
    max: limits.max && compact(limits.max),
    min: limits.min && compact(limits.min),
  });
  return {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: { name: `${namespace}-limits`, namespace, labels },
    spec: { limits: [{ type: "Container", ...container }] },
  };
}
