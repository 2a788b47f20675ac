import { type TerraformStack } from "cdktf";
import { HelmChart, K3sCluster, MachineProfile, Parallelism, RedisStream, TiltWorkflow } from "../../lib/cluster";
import { ContainerImage } from "../../lib/image";
import { messageOf } from "../support/project";
import { Template } from "../support/template";

const redisChart = HelmChart.pinned("lab/redis", "1.0.0", { repo: "https://charts.example.com" });
const kedaChart = HelmChart.pinned("lab/keda", "1.0.0", { repo: "https://charts.example.com" });

/** The document's system in small, with the props under test. */
function declare(stack: TerraformStack, props: object): void {
  const cluster = new K3sCluster(stack, "raibid-ci", {
    version: "v1.28.5+k3s1",
    servers: [{ name: "dgx", machine: MachineProfile.dgxSpark() }],
  });
  const system = cluster.addNamespace("raibid-system");
  const redis = system.addChart(redisChart);
  system.addChart(kedaChart);
  const image = (name: string) => new ContainerImage(stack, name, { context: ".", file: `crates/${name}/Dockerfile` });
  // Declared before the workloads: what it says of them is judged when the stack is finished.
  new TiltWorkflow(stack, "tilt", { cluster, ...props });
  system.addService("raibid-server", {
    image: image("server"),
    ports: { http: 8080, metrics: 8081 },
    env: { RUST_LOG: "info", URL: "redis://$(HOST)" },
    config: { name: "raibid-config", data: { SERVER_PORT: "8080" } },
  });
  system.addQueueWorkers("raibid-agent", {
    image: image("agent"),
    queue: RedisStream.of(redis, "raibid:jobs", { group: "raibid-agents" }),
  });
}

const template = (props: object) =>
  Template.of(
    (stack) => {
      declare(stack, props);
    },
    { aws: false },
  );
/** What is wrong, without where cdktf says it. */
const faults = (props: object) =>
  messageOf(() => template(props))
    .split("\n")
    .flatMap((line) => /\[lab\/tilt\] (.*)$/.exec(line)?.[1] ?? []);

interface TiltJson {
  readonly maxParallelUpdates: number;
  readonly environments: Readonly<Record<string, { readonly contexts: readonly string[] }>>;
  readonly resources: readonly { readonly name: string; readonly [key: string]: unknown }[];
  readonly images: readonly { readonly name: string; readonly [key: string]: unknown }[];
  readonly tools: readonly { readonly name: string; readonly command: readonly string[] }[];
}
const settings = (props: object) => JSON.parse(template(props).file("tilt.json")) as TiltJson;

test("what Tilt is told: dependencies, forwards, images and buttons", () => {
  const made = template({
    parallelism: Parallelism.forCores(20),
    resources: {
      redis: { forwards: [6380, { local: 6379, port: 6379, name: "redis" }] },
      "raibid-server": { dependsOn: ["redis"] },
      "raibid-agent": {
        dependsOn: ["raibid-server"],
        onHost: { directory: "crates/agent", env: { RUST_LOG: "debug" } },
      },
    },
    builds: { server: { triggers: ["./crates/server/"], args: { RUST_VERSION: "1.85" } } },
    sharedTriggers: ["crates/common", "Cargo.lock"],
  });
  expect(made.paths).toEqual(expect.arrayContaining(["Tiltfile", "justfile", "cluster/images/server.env"]));
  const told = JSON.parse(made.file("tilt.json")) as TiltJson;
  expect(told.maxParallelUpdates).toBe(4);
  expect(told.environments).toEqual({ local: { contexts: ["k3s-raibid-ci", "k3d-raibid-ci", "default", "k3s"] } });
  const resource = (name: string) => told.resources.find((each) => each.name === name);
  expect(resource("raibid-server")).toMatchObject({
    group: "application",
    dependsOn: ["redis"],
    forwards: [
      { local: 8080, port: 8080, name: "http", path: "" },
      { local: 8081, port: 8081, name: "metrics", path: "/metrics" },
    ],
  });
  expect(resource("raibid-agent")).toMatchObject({
    dependsOn: ["redis", "keda", "raibid-server"],
    onHost: {
      command: ["cargo", "watch", "-x", "run"],
      env: {
        REDIS_HOST: "127.0.0.1",
        REDIS_PORT: "6379",
        QUEUE_STREAM: "raibid:jobs",
        CONSUMER_GROUP: "raibid-agents",
        RUST_LOG: "debug",
      },
    },
  });
  expect(told.images).toEqual([
    {
      name: "server",
      reference: "server:latest",
      triggers: ["crates/server", "crates/common", "Cargo.lock"],
      args: { RUST_VERSION: "1.85" },
    },
    { name: "agent", reference: "agent:latest", triggers: ["."], args: {} },
  ]);
  expect(told.tools.map(({ name, command }) => [name, ...command.slice(1)])).toEqual([
    ["trigger-test-job", "enqueue", "--workers", "raibid-agent", "job=test"],
    ["scale-agent", "scale", "raibid-agent", "1"],
    ["view-server-logs", "logs", "raibid-server"],
    ["view-agent-logs", "logs", "raibid-agent"],
  ]);
});

test("the cores of the document's machines", () => {
  expect([20, 8, 4].map((cores) => Parallelism.forCores(cores).updates)).toEqual([4, 2, 1]);
  expect(settings({}).maxParallelUpdates).toBe(2);
});

test("contexts that are named are the only ones", () => {
  expect(settings({ contexts: ["k3s-raibid-ci"] }).environments).toEqual({ local: { contexts: ["k3s-raibid-ci"] } });
});

test("what Tilt would drop silently is refused, all of it at once", () => {
  expect(
    faults({
      environment: "locla",
      resources: {
        redos: {},
        redis: { forwards: [8080], onHost: { directory: "." } },
        keda: { forwards: [{ local: 9000, port: "web" }] },
        "raibid-server": {
          dependsOn: ["raibid-agent", "gitea"],
          forwards: [
            8080,
            { local: 8081, port: "metrics" },
            { local: 10350, port: 9999 },
            { local: 1, port: "metric" },
          ],
          main: "x",
        },
        "raibid-agent": { dependsOn: ["raibid-server"], forwards: [7000] },
      },
      builds: { sever: {} },
      tools: { crds: { command: ["true"] }, "redis-config": { command: ["true"], dependsOn: ["keta"] } },
    }),
  ).toEqual([
    'environment: got "locla"; did you mean "local"?',
    'resources: got "redos"; did you mean "redis"?',
    'builds: got "sever"; did you mean "server"?',
    "resources.redis.onHost: allowed: nothing for a chart; a workload of the stack can run on this machine",
    'resources.keda.forwards[0]: got the port "web"; allowed: the number of a container\'s port',
    'resources.raibid-server.dependsOn[1]: got "gitea"; allowed: a resource, redis, keda, raibid-server, raibid-agent',
    "resources.raibid-server.forwards[2]: got the port 9999; allowed: http (8080), metrics (8081)",
    'resources.raibid-server.forwards[3]: got the port "metric"; allowed: http (8080), metrics (8081)',
    'resources.raibid-server.main: got "x"; allowed: nothing for a workload of the stack, which is one by itself',
    "resources.raibid-agent.forwards[0]: got the port 7000; allowed: none for workers, which come and go with their jobs",
    'tools.redis-config.dependsOn[0]: got "keta"; did you mean "keda"?',
    'tools.crds: got the name "crds", which the Tiltfile itself has; allowed: each name once',
    'tools.redis-config: got the name "redis-config", which resources.redis has; allowed: each name once',
    "resources.raibid-server.forwards[0]: got 8080, the port of resources.redis; allowed: each port of this machine once",
    "resources.raibid-server.forwards[2]: got 10350, the port of Tilt's own page; allowed: each port of this machine once",
    "resources.raibid-server.dependsOn: got a circle, raibid-server -> raibid-agent -> raibid-server; allowed: none",
  ]);
});

test("labels and paths that Tilt or an engine would not take", () => {
  expect(
    messageOf(() =>
      template({ resources: { redis: { group: "my group", links: ["gitea"] } }, sharedTriggers: ["../common"] }),
    ),
  ).toBe(
    [
      "[lab/tilt] TiltWorkflow: invalid props",
      '  resources.redis.group: got "my group"; allowed: a label of letters, digits, dashes, dots and underscores, at most 63',
      '  resources.redis.links[0]: got "gitea"; allowed: an address that starts with "http://" or "https://", or an object with url, name',
      '  sharedTriggers[0]: got "../common"; allowed: a relative path with "/" and without "..", such as "crates/server"',
    ].join("\n"),
  );
});
