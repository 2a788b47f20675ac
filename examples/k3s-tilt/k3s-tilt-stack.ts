import { LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import {
  Charts,
  ImageCatalog,
  K3sCluster,
  MachineProfile,
  Parallelism,
  RedisStream,
  TiltWorkflow,
} from "../../lib/cluster";
import { ContainerImage } from "../../lib/image";

/** The cluster of a CI system: redis, gitea, KEDA and flux, a server, and workers that come and go with the jobs. */
export class K3sTiltStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });

    const cluster = new K3sCluster(this, "raibid-ci", {
      version: "v1.28.5+k3s1",
      servers: [{ name: "dgx", machine: MachineProfile.dgxSpark() }],
      disable: ["traefik"],
    });
    const system = cluster.addNamespace("raibid-system", {
      quota: { pods: 40, requests: { cpu: "14", memory: "104Gi" } },
    });
    const redisAuth = system.addSecretRef("redis-auth", { keys: ["redis-password"], generate: ["redis-password"] });
    const giteaAdmin = system.addSecretRef("gitea-admin", { keys: ["username", "password"], generate: ["password"] });
    const giteaDatabase = system.addSecretRef("gitea-database", {
      keys: ["password", "postgres-password"],
      generate: ["password", "postgres-password"],
    });
    const images = ImageCatalog.bitnamiLegacy();
    const redis = system.addChart(Charts.redis("18.19.4"), { existingSecrets: { auth: redisAuth }, images });
    system.addChart(Charts.gitea("10.1.4"), {
      existingSecrets: { admin: giteaAdmin, database: giteaDatabase },
      images,
    });
    system.addChart(Charts.keda("2.14.0"));
    system.addChart(Charts.flux2("2.12.4"));
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
      env: { RUST_LOG: "info", GITEA_HOST: "gitea-http:3000" },
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
        "raibid-agent": {
          dependsOn: ["raibid-server"],
          onHost: { directory: "crates/agent", env: { WORKSPACE_DIR: "../../target/workspace" } },
        },
      },
      builds: {
        "raibid-server": { triggers: ["crates/server"], args: { BUILD_MODE: "release" } },
        "raibid-agent": { triggers: ["crates/agent"], args: { BUILD_MODE: "release" } },
      },
      sharedTriggers: ["crates/common", "Cargo.toml", "Cargo.lock"],
    });
  }
}
