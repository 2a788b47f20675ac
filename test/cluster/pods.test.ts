// What pods of services and workers may be given, and names that would be taken twice.
import type { RenderTarget } from "../../lib/cluster/environment";
import { K3sCluster } from "../../lib/cluster/k3s-cluster";
import type { Namespace } from "../../lib/cluster/namespace";
import { RedisStream } from "../../lib/cluster/redis-stream";
import { TankaEnvironment } from "../../lib/cluster/tanka-environment";
import { messageOf } from "../support/project";
import { Template } from "../support/template";

const image = `ghcr.io/org/app@sha256:${"0".repeat(64)}`;
const local: RenderTarget = { environment: "local", namespace: (name) => name };
const queue = RedisStream.at({ host: "redis", namespace: "none", stream: "s", group: "g" });
const ports = { http: 8080 };

const synth = (fill: (cluster: K3sCluster, one: Namespace, two: Namespace) => void) =>
  Template.of((stack) => {
    const cluster = new K3sCluster(stack, "c", {
      version: "v1.28.5+k3s1",
      servers: [{ name: "one", arch: "arm64", cpu: 64, memory: "256Gi" }],
    });
    fill(cluster, cluster.addNamespace("one"), cluster.addNamespace("two"));
  });

test("a pod has a program, directories and a token when it is given them; a Job has a deadline", () => {
  synth((_cluster, one) => {
    const server = one.addService("server", {
      image,
      ports,
      command: ["/app"],
      args: ["--port", "8080"],
      serviceAccount: "reader",
      scratch: { "/tmp": "1Gi", "/var/cache/app": "64Mi" },
    });
    const deployment = server.objectsFor(local).find(({ kind }) => kind === "Deployment");
    expect(deployment).toMatchObject({
      spec: {
        template: {
          spec: {
            serviceAccountName: "reader",
            automountServiceAccountToken: true,
            containers: [
              {
                command: ["/app"],
                args: ["--port", "8080"],
                volumeMounts: [
                  { name: "scratch-0", mountPath: "/tmp" },
                  { name: "scratch-1", mountPath: "/var/cache/app" },
                ],
              },
            ],
            volumes: [
              { name: "scratch-0", emptyDir: { sizeLimit: "1Gi" } },
              { name: "scratch-1", emptyDir: { sizeLimit: "64Mi" } },
            ],
          },
        },
      },
    });
    const workers = one.addQueueWorkers("agent", {
      image,
      queue,
      max: 1,
      args: ["once"],
      scratch: { "/tmp": "1Gi" },
      activeDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 5,
    });
    const [job] = workers.objectsFor(local);
    expect(job).toMatchObject({
      spec: {
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 5,
        jobTargetRef: {
          activeDeadlineSeconds: 3600,
          template: {
            spec: {
              automountServiceAccountToken: false,
              containers: [
                {
                  args: ["once"],
                  volumeMounts: [
                    { name: "workspace", mountPath: "/workspace" },
                    { name: "scratch-0", mountPath: "/tmp" },
                  ],
                },
              ],
              volumes: [
                { name: "workspace", emptyDir: { sizeLimit: "10Gi" } },
                { name: "scratch-0", emptyDir: { sizeLimit: "1Gi" } },
              ],
            },
          },
        },
      },
    });
    expect(messageOf(() => one.addQueueWorkers("w", { image, queue, scratch: { "/workspace": "1Gi" } })))
      .toBe(`[lab/c/one/w] QueueWorkers: invalid props
  scratch["/workspace"]: is there already; its size is workspace`);
    expect(messageOf(() => one.addService("s", { image, ports, scratch: { "/a/../etc": "1Gi" } }))).toMatch(
      "a path such as /var/cache",
    );
  });
});

test("one name for two parts is refused where the second is declared", () => {
  synth((_cluster, one, two) => {
    one.addService("server", { image, ports });
    expect(messageOf(() => two.addQueueWorkers("server", { image, queue, max: 1 })))
      .toBe(`[lab/c/two/server] QueueWorkers: invalid name
  name: got "server", which is [lab/c/one/server]; allowed: a name of its own in the cluster, in all its namespaces`);
  });
});

test("an object that two parts make is one error at synth, in each environment in which they meet", () => {
  const message = messageOf(() =>
    synth((cluster, one, two) => {
      const config = { name: "settings", data: { A: "1" } };
      one.addService("a", { image, ports, config });
      one.addService("b", { image, ports, config });
      two.addService("c", { image, ports, config });
      new TankaEnvironment(cluster, "dev", { cluster, namespaces: { two: "one" } });
    }),
  );
  expect(message.split("\n").filter((line) => /settings|Namespace/.test(line))).toEqual([
    "  [lab/c/local] ConfigMap settings in one is made by [lab/c/one/a] and [lab/c/one/b]; give one of them another name",
    "  [lab/c/dev] Namespace one is made by [lab/c/one] and [lab/c/two]; give one of them another name",
    "  [lab/c/dev] ConfigMap settings in one is made by [lab/c/one/a] and [lab/c/one/b] and [lab/c/two/c]; give one of them another name",
  ]);
});
