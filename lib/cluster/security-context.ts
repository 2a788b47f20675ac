import type { Data } from "../core/render/model";

/**
 * What a pod and its container may do: what the Pod Security standard "restricted" asks for, or, for an image that runs as root,
 * what "baseline" does.
 */
export function securityContexts(runAsRoot: boolean): { readonly pod: Data; readonly container: Data } {
  const seccompProfile = { type: "RuntimeDefault" };
  if (runAsRoot) return { pod: { seccompProfile }, container: { allowPrivilegeEscalation: false } };
  return {
    pod: { runAsNonRoot: true, seccompProfile },
    container: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
}
