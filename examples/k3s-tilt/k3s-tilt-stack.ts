import { LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { HelmChart, K3sCluster, Parallelism, RedisStream, TiltWorkflow } from "../../lib/cluster";
import { ContainerImage } from "../../lib/image";

/** The cluster of a CI system: redis, gitea, KEDA and flux, a server, and workers that come and go with the jobs. */
export class K3sTiltStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });

    const cluster = new K3sCluster(this, "raibid-ci", {});
    const system = cluster.addNamespace("raibid-system", {
      quota: { pods: 30, requests: { cpu: "14", memory: "104Gi" } },
      // Containers of charts that ask for nothing would be refused by the quota.
      limits: { default: { memory: "1Gi" }, defaultRequest: { cpu: "100m", memory: "128Mi" } },
    });
    const redisAuth = system.addSecretRef("redis-auth", { keys: ["redis-password"], generate: ["redis-password"] });
    const redis = system.addChart(
      HelmChart.pinned("bitnami/redis", "18.19.4", { repo: "https://charts.bitnami.com/bitnami" }),
      { values: { architecture: "standalone", auth: { existingSecret: "redis-auth" } } },
    );
    system.addChart(HelmChart.pinned("gitea-charts/gitea", "10.1.4", { repo: "https://dl.gitea.com/charts/" }));
    system.addChart(HelmChart.pinned("kedacore/keda", "2.14.0", { repo: "https://kedacore.github.io/charts" }));
    system.addChart(
      HelmChart.pinned("fluxcd-community/flux2", "2.12.4", { repo: "https://fluxcd-community.github.io/helm-charts" }),
    );
    const password = redisAuth.key("redis-password");
    const server = new ContainerImage(this, "raibid-server", { context: ".", file: "crates/server/Dockerfile" });
    const agent = new ContainerImage(this, "raibid-agent", { context: ".", file: "crates/agent/Dockerfile" });
    system.addService("raibid-server", {
      image: server,
      ports: { http: 8080, metrics: 8081 },
      healthPath: "/health",
      env: { REDIS_PASSWORD: password, REDIS_URL: "redis://:$(REDIS_PASSWORD)@redis-master:6379" },
      config: {
        name: "raibid-config",
        data: { RUST_LOG: "info", SERVER_PORT: "8080", METRICS_PORT: "8081", QUEUE_NAME: "raibid:jobs" },
      },
    });
    system.addQueueWorkers("raibid-agent", {
      image: agent,
      queue: RedisStream.of(redis, "raibid:jobs", { group: "raibid-agents", password }),
      env: { RUST_LOG: "info" },
    });

    new TiltWorkflow(this, "tilt", {
      cluster,
      parallelism: Parallelism.forCores(20),
      resources: {
        redis: { forwards: [6379] },
        gitea: { forwards: [3000], links: [{ url: "http://localhost:3000", name: "Gitea" }] },
        keda: { main: "keda-operator" },
        "raibid-server": {
          dependsOn: ["redis"],
          onHost: { directory: "crates/server", env: { REDIS_URL: "redis://127.0.0.1:6379" } },
        },
        "raibid-agent": { dependsOn: ["raibid-server"], onHost: { directory: "crates/agent" } },
      },
      builds: {
        "raibid-server": { triggers: ["crates/server"], args: { BUILD_MODE: "release" } },
        "raibid-agent": { triggers: ["crates/agent"], args: { BUILD_MODE: "release" } },
      },
      sharedTriggers: ["crates/common", "Cargo.toml", "Cargo.lock"],
    });
  }
}
