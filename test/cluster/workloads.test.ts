import { App, LocalBackend, TerraformStack } from "cdktf";
import { K3sCluster, RedisStream, TankaEnvironment, type Namespace } from "../../lib/cluster";
import type { RenderTarget } from "../../lib/cluster/environment";
import { messageOf, Project } from "../support/project";

const IMAGE = `ghcr.io/org/app@sha256:${"0".repeat(64)}`;

function lab(app: App = new App()): { cluster: K3sCluster; namespace: Namespace } {
  const stack = new TerraformStack(app, "dev");
  new LocalBackend(stack, { path: "dev.tfstate" });
  const cluster = new K3sCluster(stack, "lab", {
    version: "v1.28.5+k3s1",
    servers: [{ name: "one", arch: "amd64", cpu: 16, memory: "64Gi" }],
  });
  return { cluster, namespace: cluster.addNamespace("lab-system") };
}

const target: RenderTarget = { environment: "dev", namespace: (declared) => declared.replace("system", "dev") };

test("a service is a Deployment and a Service, with its settings, probes and place to be scraped", () => {
  const { namespace } = lab();
  const secret = namespace.addSecretRef("auth", { keys: ["token"] });
  const service = namespace.addService("server", {
    image: IMAGE,
    ports: { http: 8080, metrics: 8081 },
    env: { TOKEN: secret.key("token"), LEVEL: "$(TOKEN)-1" },
    config: { name: "server-config", data: { SERVER_PORT: "8080" } },
    healthPath: "/health",
    replicas: 2,
    requests: { cpu: 0.5, memory: "1Gi" },
  });
  const objects = service.objectsFor(target);
  expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
    ["ConfigMap", "lab-dev", "server-config"],
    ["Deployment", "lab-dev", "server"],
    ["Service", "lab-dev", "server"],
  ]);
  expect(objects[1]).toMatchObject({
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "server" } },
      template: {
        metadata: { annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "8081" } },
        spec: {
          containers: [
            {
              image: IMAGE,
              imagePullPolicy: "IfNotPresent",
              envFrom: [{ configMapRef: { name: "server-config" } }],
              env: [
                { name: "TOKEN", valueFrom: { secretKeyRef: { name: "auth", key: "token" } } },
                { name: "LEVEL", value: "$(TOKEN)-1" },
              ],
              resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { memory: "1Gi" } },
              readinessProbe: { httpGet: { path: "/health", port: "http" } },
            },
          ],
        },
      },
    },
  });
});

test("workers are a ScaledJob that counts what nobody has read, and leaves and returns to zero", () => {
  const { namespace } = lab();
  const password = namespace.addSecretRef("redis-auth", { keys: ["redis-password"] }).key("redis-password");
  const queue = RedisStream.at({
    host: "redis-master",
    namespace: "lab-system",
    stream: "lab:jobs",
    group: "lab",
    password,
  });
  const workers = namespace.addQueueWorkers("worker", { image: IMAGE, queue, max: 4 });
  const [authentication, job] = workers.objectsFor(target);
  expect(authentication).toMatchObject({
    kind: "TriggerAuthentication",
    spec: { secretTargetRef: [{ parameter: "password", name: "redis-auth", key: "redis-password" }] },
  });
  expect(job).toMatchObject({
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledJob",
    spec: {
      jobTargetRef: { backoffLimit: 0, ttlSecondsAfterFinished: 300 },
      pollingInterval: 10,
      minReplicaCount: 0,
      maxReplicaCount: 4,
      scalingStrategy: { strategy: "accurate" },
      triggers: [
        {
          type: "redis-streams",
          metadata: {
            address: "redis-master.lab-dev:6379",
            stream: "lab:jobs",
            consumerGroup: "lab",
            lagCount: "1",
            activationLagCount: "0",
          },
          authenticationRef: { name: authentication?.metadata.name },
        },
      ],
    },
  });
  const text = JSON.stringify(job);
  for (const name of ["REDIS_HOST", "REDIS_PORT", "QUEUE_STREAM", "CONSUMER_GROUP", "WORKSPACE_DIR"]) {
    expect(text).toContain(`"name":"${name}"`);
  }
});

test("everything wrong with a workload is said at once", () => {
  const { namespace } = lab();
  expect(messageOf(() => namespace.addService("Server", { image: IMAGE, ports: { http: 8080 } })))
    .toBe(`[dev/lab/lab-system/Server] Service: invalid props
  name: got "Server"; allowed: a name of lower-case letters, digits and dashes, at most 63, that starts and ends with a letter or digit`);
  expect(
    messageOf(() =>
      namespace.addService("server", {
        image: "app:latest",
        port: 80,
        ports: {},
        replicas: -1,
        requests: { cpu: "1.0001" },
      } as never),
    ),
  ).toBe(`[dev/lab/lab-system/server] Service: invalid props
  image: got "app:latest"; allowed: an image of the stack (ContainerImage), or one of others by its digest, as in "ghcr.io/org/app@sha256:…"
  ports: got {}; allowed: at least one port by name
  replicas: got -1; allowed: a whole number from 0 to 1000
  requests.cpu: got "1.0001"; allowed: an amount of CPU in whole thousandths of a core, such as 4, "0.5" or "500m"
  port: unknown property; did you mean "ports"?`);
});

test("a stream of a release is in the server that the chart makes, which must drop no job", () => {
  const release = { releaseName: "jobs", namespaceName: "lab-system", values: {} };
  const at = (given: object) => RedisStream.of({ ...release, ...given }, "lab:jobs", { group: "lab" }).hostFor(target);
  expect(at({})).toBe("jobs-redis-master.lab-dev");
  expect(at({ releaseName: "redis" })).toBe("redis-master.lab-dev");
  expect(at({ values: { fullnameOverride: "queue" } })).toBe("queue-master.lab-dev");
  expect(messageOf(() => at({ values: { commonConfiguration: "maxmemory-policy allkeys-lru" } })))
    .toBe(`RedisStream.of: invalid props
  release.values: got maxmemory-policy allkeys-lru, which drops jobs when memory is full; allowed: noeviction`);
});

test("a key that a Secret does not have is refused", () => {
  const secret = lab().namespace.addSecretRef("auth", { keys: ["token"] });
  expect(() => secret.key("tokn")).toThrow('[dev/lab/lab-system/Secret-auth] SecretRef: no key "tokn"; it has: token');
});

test("another environment has the same parts in other namespaces, whichever is declared first", () => {
  const project = new Project();
  project.synth((app) => {
    const { cluster, namespace } = lab(app);
    namespace.addService("before", { image: IMAGE, ports: { http: 80 } });
    new TankaEnvironment(cluster, "dev", {
      cluster,
      namespaces: { "lab-system": "lab-dev" },
      contexts: ["k3s-dev"],
    });
    namespace.addService("after", { image: IMAGE, ports: { http: 80 } });
  });
  const files = "cdktf.out/stacks/dev/files/tanka/environments";
  expect(project.list(`${files}/dev/manifests`)).toEqual(project.list(`${files}/local/manifests`));
  const spec = (name: string) => (JSON.parse(project.read(`${files}/${name}/spec.json`)) as { spec: unknown }).spec;
  expect(spec("dev")).toMatchObject({ contextNames: ["k3s-dev"], namespace: "lab-dev" });
  expect(spec("local")).toMatchObject({ contextNames: ["k3s-lab", "k3d-lab", "default"], namespace: "lab-system" });
  expect(project.read(`${files}/dev/manifests/after.json`)).toContain('"namespace": "lab-dev"');
  project.remove();
});
