import { LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { DevStack } from "../../lib/image";

const here = "examples/dev-stack"; // paths are relative to the directory of cdktf.json

/** Backend 8000, frontend 5173, and a language model on 1234: LM Studio on this machine, or Ollama in the full stack. */
export class DevStackExample extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });

    new DevStack(this, "jarvis", {
      engine: (this.node.tryGetContext("engine") as "podman" | "docker" | undefined) ?? "podman",
      network: "jarvis-dev-network",
      envTemplate: `${here}/.env.example`,
      directories: [`${here}/models`],
      services: {
        backend: {
          build: { context: here, target: "dependencies", productionTarget: "final" },
          command: ["watchfiles", "python -m jarvis.server", "/app/src"],
          ports: [8000],
          live: { [`${here}/src`]: "/app/src", [`${here}/tests`]: "/app/tests" },
          volumes: { models: "/app/models" },
          dependencies: [`${here}/pyproject.toml`, `${here}/requirements.txt`],
          env: { WHISPERX_MODEL_SIZE: "base", DEBUG: "true", LOG_LEVEL: "debug" },
          envFile: `${here}/.env`, // LLM_API_BASE
          health: { path: "/health" },
        },
        frontend: {
          build: { context: `${here}/frontend`, target: "dependencies", productionTarget: "final" },
          command: ["npx", "vite", "--host", "0.0.0.0", "--port", "5173", "--strictPort"],
          ports: [5173],
          live: { [`${here}/frontend/src`]: "/app/src" },
          dependencies: ["package.json", "package-lock.json", "index.html"].map((file) => `${here}/frontend/${file}`),
          dependencyVolumes: { "node-modules": "/app/node_modules" },
          env: { VITE_API_BASE_URL: "http://localhost:8000" },
          health: { path: "/", timeoutSeconds: 120 },
          dependsOn: ["backend"],
        },
        llm: {
          build: { context: `${here}/llm` },
          ports: [1234],
          volumes: { "ollama-data": "/data" },
          health: { path: "/api/version", timeoutSeconds: 120 },
          fullOnly: true,
        },
      },
      external: { "lm-studio": { port: 1234, purpose: "answers are made by its language model" } },
      native: {
        command: ["watchfiles", "python -m jarvis.server", `${here}/src`],
        python: "3.11",
        needs: ["ffmpeg"],
        requirements: `${here}/requirements.txt`,
        port: 8000,
        envFile: `${here}/.env`,
        env: { PYTHONPATH: `${here}/src`, LLM_API_BASE: "http://localhost:1234/v1", DEBUG: "true", LOG_LEVEL: "debug" },
      },
    });
  }
}
