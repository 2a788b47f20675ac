// Who may reach whom: the policies of a namespace, object by object, and what allowFrom refuses.
import { App, TerraformStack } from "cdktf";
import { Charts } from "../../lib/cluster/charts";
import type { RenderTarget } from "../../lib/cluster/environment";
import { K3sCluster } from "../../lib/cluster/k3s-cluster";
import type { ApiObject } from "../../lib/cluster/manifest";
import type { Namespace } from "../../lib/cluster/namespace";
import { NetworkPeer, type NetworkMember } from "../../lib/cluster/network";
import { RedisStream } from "../../lib/cluster/redis-stream";
import { messageOf } from "../support/project";
import { Template } from "../support/template";

const image = `ghcr.io/org/app@sha256:${"0".repeat(64)}`;
const local: RenderTarget = { environment: "local", namespace: (name) => name };
const dev: RenderTarget = { environment: "dev", namespace: (name) => `${name}-dev` };

const clusterIn = (stack: TerraformStack, name = "lab") =>
  new K3sCluster(stack, name, {
    version: "v1.28.5+k3s1",
    servers: [{ name: "one", arch: "arm64", cpu: 64, memory: "256Gi" }],
  });
const declare = (fill: (cluster: K3sCluster) => void) =>
  Template.of((stack) => {
    fill(clusterIn(stack));
  });
const addServer = (namespace: Namespace) =>
  namespace.addService("server", { image, ports: { http: 8080, metrics: 8081 } });
const addWorkers = (namespace: Namespace, queue: RedisStream) =>
  namespace.addQueueWorkers("agent", { image, queue, max: 1 });

/** Policies of a namespace by name, without what is the same in all. */
function policies(namespace: Namespace, target = local) {
  const objects = namespace.objectsFor(target).filter(({ kind }) => kind === "NetworkPolicy");
  return Object.fromEntries(objects.map((object: ApiObject) => [object.metadata.name, object.spec]));
}

const namespaceIs = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
const podsAre = (labels: Record<string, string>) => ({ podSelector: { matchLabels: labels } });
const tcp = (port: number | string) => ({ protocol: "TCP", port });
const BASE = {
  "default-deny": { podSelector: {}, policyTypes: ["Ingress"] },
  "allow-same-namespace": { podSelector: {}, policyTypes: ["Ingress"], ingress: [{ from: [{ podSelector: {} }] }] },
};
const to = (labels: Record<string, string>, ...ingress: object[]) => ({
  ...podsAre(labels),
  policyTypes: ["Ingress"],
  ingress,
});

test("a namespace is closed to others, and warns of what is not restricted; an open one has no policy", () => {
  declare((cluster) => {
    const closed = cluster.addNamespace("closed");
    expect(policies(closed)).toEqual(BASE);
    expect(closed.objectsFor(dev)[0]?.metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "baseline",
      "pod-security.kubernetes.io/warn": "restricted",
      "pod-security.kubernetes.io/audit": "restricted",
    });
    expect(closed.objectsFor(dev).map(({ metadata }) => metadata.namespace ?? metadata.name)).toEqual([
      "closed-dev",
      "closed-dev",
      "closed-dev",
    ]);
    const open = cluster.addNamespace("open", { network: "open", podSecurity: "privileged" });
    expect(policies(open)).toEqual({});
    expect(open.objectsFor(local)[0]?.metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "privileged",
    });
  });
});

test("allowFrom opens one policy for each that is reached, in the namespaces of the environment, and twice is once", () => {
  declare((cluster) => {
    const [app, data] = [cluster.addNamespace("app"), cluster.addNamespace("data")];
    const server = addServer(app);
    const redis = data.addChart(Charts.redis("18.19.4"), { values: { auth: { enabled: false } } });
    const workers = addWorkers(app, RedisStream.at({ host: "elsewhere", namespace: "none", stream: "s", group: "g" }));
    redis.allowFrom(server, 6379);
    redis.allowFrom(server, 6379);
    redis.allowFrom(workers);
    server.allowFrom(data, "metrics");
    server.allowFrom(NetworkPeer.namespace("kube-system"), 8080);
    workers.allowFrom(NetworkPeer.anywhere(), 9000);
    data.allowFrom(app, "exporter");
    expect(policies(data, dev)).toEqual({
      ...BASE,
      "allow-to-pods-of-redis": to(
        { "app.kubernetes.io/instance": "redis" },
        { from: [{ ...namespaceIs("app-dev"), ...podsAre({ app: "server" }) }], ports: [tcp(6379)] },
        { from: [{ ...namespaceIs("app-dev"), ...podsAre({ "scaledjob.keda.sh/name": "agent" }) }] },
      ),
      "allow-to-namespace": {
        podSelector: {},
        policyTypes: ["Ingress"],
        ingress: [{ from: [namespaceIs("app-dev")], ports: [tcp("exporter")] }],
      },
    });
    expect(policies(app)).toEqual({
      ...BASE,
      "allow-to-pods-of-server": to(
        { app: "server" },
        { from: [namespaceIs("data")], ports: [tcp(8081)] },
        { from: [namespaceIs("kube-system")], ports: [tcp(8080)] },
      ),
      "allow-to-pods-of-agent": to({ "scaledjob.keda.sh/name": "agent" }, { ports: [tcp(9000)] }),
    });
  });
});

test("a queue opens its redis to workers and to KEDA of other namespaces, and KEDA is open to the API server", () => {
  declare((cluster) => {
    const [data, app, scaler] = ["data", "app", "scaler"].map((name) => cluster.addNamespace(name)) as [
      Namespace,
      Namespace,
      Namespace,
    ];
    const redis = data.addChart(Charts.redis("18.19.4"), { values: { auth: { enabled: false } } });
    addWorkers(app, RedisStream.of(redis, "jobs", { group: "g" }));
    data.addQueueWorkers("near", {
      image,
      queue: RedisStream.at({ host: "mine", namespace: "data", port: 6380, stream: "s", group: "g" }),
      max: 1,
    });
    scaler.addChart(Charts.keda("2.14.0")); // after what needs it
    const fromKeda = { from: [{ ...namespaceIs("scaler"), ...podsAre({ "app.kubernetes.io/instance": "keda" }) }] };
    expect(policies(data)).toEqual({
      ...BASE,
      "allow-to-pods-of-redis": to(
        { "app.kubernetes.io/instance": "redis" },
        {
          from: [{ ...namespaceIs("app"), ...podsAre({ "scaledjob.keda.sh/name": "agent" }) }],
          ports: [tcp("redis")],
        },
        { ...fromKeda, ports: [tcp("redis")] },
      ),
      "allow-to-namespace": {
        podSelector: {},
        policyTypes: ["Ingress"],
        ingress: [{ ...fromKeda, ports: [tcp(6380)] }],
      },
    });
    expect(policies(scaler)).toEqual({
      ...BASE,
      "allow-to-pods-of-keda": to({ "app.kubernetes.io/instance": "keda" }, { ports: [tcp(6443), tcp(9443)] }),
    });
    expect(policies(app)).toEqual(BASE);
  });
});

test("what cannot be meant is refused, all of it at once", () => {
  declare((cluster) => {
    const system = cluster.addNamespace("system");
    const server = addServer(system);
    const flux = system.addChart(Charts.flux2("2.12.4"));
    const open = cluster.addNamespace("public", { network: "open" });
    const other = clusterIn(new TerraformStack(new App(), "b"), "second").addNamespace("other");
    const refusal = (member: { allowFrom: Namespace["allowFrom"] }, from: unknown, port?: unknown) =>
      messageOf(() => {
        member.allowFrom(from as NetworkMember, port as number);
      });
    expect(refusal(server, server, "htpp")).toBe(`[lab/lab/system/server] Service.allowFrom: invalid arguments
  from: got server itself, which reaches itself already
  port: got "htpp"; did you mean "http"? allowed: http (8080), metrics (8081)`);
    expect(refusal(server, other, 80)).toBe(`[lab/lab/system/server] Service.allowFrom: invalid arguments
  from: got other of the cluster second; allowed: what is in lab, as policies end with their cluster
  port: got 80; allowed: http (8080), metrics (8081)`);
    expect(refusal(system, "kube-system", 0)).toBe(`[lab/lab/system] Namespace.allowFrom: invalid arguments
  from: got "kube-system"; allowed: a Service, QueueWorkers, ChartRelease or Namespace of the cluster, NetworkPeer.namespace("…") or NetworkPeer.anywhere()
  port: got 0; allowed: a whole number from 1 to 65535, or the name of a container's port`);
    expect(refusal(open, server)).toBe(`[lab/lab/public] Namespace.allowFrom: invalid arguments
  from: the network of public is "open": all may reach it already, and a policy would shut out all others; allowed: network: "isolated"`);
    const unlabelled = "  from: pods of flux2 have no label of their release; allowed: the namespace system";
    expect(refusal(flux, server)).toBe(
      `[lab/lab/system/flux2] ChartRelease.allowFrom: invalid arguments\n${unlabelled}`,
    );
    expect(refusal(server, flux)).toBe(`[lab/lab/system/server] Service.allowFrom: invalid arguments\n${unlabelled}`);
    expect(messageOf(() => NetworkPeer.namespace("Kube System"))).toBe(`NetworkPeer.namespace: invalid props
  name: got "Kube System"; allowed: a name of lower-case letters, digits and dashes, at most 63, that starts and ends with a letter or digit`);
  });
});
