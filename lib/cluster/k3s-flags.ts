import { nearest } from "../core/errors";
import {
  AGENT_OPTIONS,
  FIRST_MINOR,
  KUBE_FLAGS,
  LAST_MINOR,
  SERVER_OPTIONS,
  type K3sComponent,
} from "./k3s-flags.data";

/** A flag that is gone, with what stands in its place and where that is said. */
interface Removed {
  readonly minor: number;
  readonly source: string;
  readonly instead?: string;
}

/** Flags whose end is told in Kubernetes' change log, for an answer that helps. */
const REMOVED: Readonly<Partial<Record<K3sComponent, Readonly<Record<string, Removed>>>>> = {
  controllerManager: {
    "pod-eviction-timeout": {
      minor: 27,
      source: "kubernetes#115840",
      instead: "apiserver: default-not-ready-toleration-seconds and default-unreachable-toleration-seconds",
    },
    "enable-taint-manager": { minor: 27, source: "kubernetes#115840" },
  },
  kubelet: {
    "cloud-config": { minor: 34, source: "kubernetes#130161" },
    "register-schedulable": {
      minor: 34,
      source: "kubernetes#122384",
      instead: "taints of the node",
    },
  },
};

/** The program of a component, and the option of k3s that passes arguments to it. */
export const COMPONENTS: Readonly<Record<K3sComponent, { readonly program: string; readonly option: string }>> = {
  kubelet: { program: "kubelet", option: "kubelet-arg" },
  kubeProxy: { program: "kube-proxy", option: "kube-proxy-arg" },
  apiserver: { program: "kube-apiserver", option: "kube-apiserver-arg" },
  controllerManager: { program: "kube-controller-manager", option: "kube-controller-manager-arg" },
  scheduler: { program: "kube-scheduler", option: "kube-scheduler-arg" },
};

/**
 * What is wrong with a flag of a component in Kubernetes 1.`minor`, or nothing. k3s passes arguments on without a look, and a
 * component that does not know one does not start, nor does k3s.
 */
export function flagFault(component: K3sComponent, flag: string, minor: number): string | undefined {
  const { program } = COMPONENTS[component];
  const gone = REMOVED[component]?.[flag];
  if (gone !== undefined && minor >= gone.minor) {
    const instead = gone.instead === undefined ? "" : `; instead, ${gone.instead}`;
    return `${program} has no such flag since Kubernetes 1.${gone.minor} (${gone.source}), and k3s would not start${instead}`;
  }
  const known = table(component);
  const range = known.get(flag);
  if (range !== undefined) {
    if (minor < range.first) return `${program} has it only from Kubernetes 1.${range.first} on`;
    if (minor >= range.end) return `${program} has no such flag since Kubernetes 1.${range.end}`;
    return undefined;
  }
  const names = [...known].filter(([, { first, end }]) => minor >= first && minor < end).map(([name]) => name);
  const guess = nearest(flag, names);
  // Newer minors may have flags that the table does not know.
  if (minor > LAST_MINOR && guess === undefined) return undefined;
  const meant = guess === undefined ? "" : `; did you mean "${guess}"?`;
  return `${program} of Kubernetes 1.${Math.min(minor, LAST_MINOR)} has no such flag${meant}`;
}

interface Range {
  readonly first: number;
  readonly end: number;
}

const tables = new Map<K3sComponent, ReadonlyMap<string, Range>>();

function table(component: K3sComponent): ReadonlyMap<string, Range> {
  const known = tables.get(component);
  if (known !== undefined) return known;
  const read = new Map(KUBE_FLAGS[component].split(" ").map(readFlag));
  tables.set(component, read);
  return read;
}

function readFlag(entry: string): [string, Range] {
  const [, name = "", first, end] = /^([a-z0-9.-]+)(?:>=(\d+))?(?:<(\d+))?$/.exec(entry) ?? [];
  return [name, { first: Number(first ?? FIRST_MINOR), end: Number(end ?? Infinity) }];
}

const agentOptions = new Set(AGENT_OPTIONS.split(" "));
const allOptions = [...agentOptions, ...SERVER_OPTIONS.split(" ")];

/** Whether an agent takes an option of `config.yaml`. */
export function isAgentOption(option: string): boolean {
  return agentOptions.has(option);
}

/** What is wrong with an option of k3s' `config.yaml`, or nothing. */
export function optionFault(option: string): string | undefined {
  if (allOptions.includes(option)) return undefined;
  const guess = nearest(option, allOptions);
  return `k3s has no such option${guess === undefined ? "" : `; did you mean "${guess}"?`}`;
}
