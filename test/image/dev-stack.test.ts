import { TerraformStack, Testing } from "cdktf";
import { parse } from "yaml";
import { DevStack, type DevServiceProps, type DevStackProps } from "../../lib/image";
import { renderCompose } from "../../lib/image/compose.render";
import { devStackProps } from "../../lib/image/dev-stack.schema";
import { messageOf } from "../support/project";
import { touchedBy } from "../support/purity";
import { Template } from "../support/template";

const backend: DevServiceProps = {
  build: { context: ".", file: "docker/backend.Containerfile", target: "dependencies", args: { PYTHON: "3.11" } },
  ports: [8000, { host: 9000, container: 90 }],
  live: { "./src": "/app/src" },
  volumes: { models: "/app/models" },
  dependencies: ["pyproject.toml", "requirements.txt"],
  env: { PRICE: "$5", LLM_API_BASE: "http://host.containers.internal:1234/v1" },
  envFile: ".env",
  health: { path: "/health", timeoutSeconds: 120 },
};
const frontend: DevServiceProps = {
  build: { context: "frontend" },
  ports: [5173],
  live: { "frontend/src/": "/app/src" },
  dependencies: ["frontend/package-lock.json"],
  dependencyVolumes: { "node-modules": "/app/node_modules" },
  dependsOn: ["backend"],
};

const template = (props: DevStackProps, id = "jarvis") =>
  Template.of((stack) => void new DevStack(stack, id, props), { aws: false });
const refusal = (props: unknown, id = "jarvis") =>
  messageOf(() => new DevStack(new TerraformStack(Testing.app(), "lab"), id, props as DevStackProps));
/** What is wrong with a service, without the headline. */
const faultsOf = (service: unknown, others: object = {}) =>
  refusal({ services: { backend: service, ...others } })
    .split("\n")
    .slice(1)
    .map((line) => line.trim());

describe("the files of two services", () => {
  let made: Template;
  beforeAll(() => {
    made = template({
      services: { frontend, backend },
      models: [{ path: "models/voice.onnx", url: "https://example.com/voice.onnx", sha256: "a".repeat(64) }],
      external: { "lm-studio": { port: 1234, purpose: "language models" } },
      directories: ["data"],
      native: { command: ["python", "-m", "jarvis"], requirements: "requirements.txt", needs: ["ffmpeg"], port: 8000 },
    });
  });

  test("a program, its settings, a compose file, and the names that people know", () => {
    expect(made.paths.filter((path) => !path.startsWith("lib/") && path !== "gantry.json")).toEqual([
      "bin/jarvis",
      "jarvis/compose.yaml",
      "jarvis/dev.env",
      "jarvis/services/backend.env",
      "jarvis/services/frontend.env",
      "scripts/dev-fast.sh",
      "scripts/dev-local.sh",
      "scripts/podman-dev.sh",
      "scripts/rebuild-clean.sh",
      "scripts/setup.sh",
    ]);
    expect(made.isExecutable("bin/jarvis") && made.isExecutable("scripts/dev-fast.sh")).toBe(true);
    expect(made.paths).toContain("lib/gantry/dev/program.sh");
    expect(made.warnings).toEqual([]);
  });

  test("the settings of all", () => {
    expect(made.env("jarvis/dev.env")).toEqual({
      PROJECT: "lab",
      ENGINE: "podman",
      NETWORK: "jarvis-dev-network",
      SERVICES: "backend frontend",
      FAST_SERVICES: "backend frontend",
      ENV_TEMPLATE: ".env.example",
      SHIMS: "scripts",
      DIRECTORY_COUNT: "1",
      DIRECTORY_1: "data",
      MODEL_COUNT: "1",
      MODEL_1: `${"a".repeat(64)} https://example.com/voice.onnx models/voice.onnx`,
      EXTERNAL_COUNT: "1",
      EXTERNAL_1: "1234 lm-studio language models",
      NATIVE: "1",
      NATIVE_PYTHON: "3.11",
      NATIVE_REQUIREMENTS: "requirements.txt",
      NATIVE_NEEDS: "ffmpeg",
      NATIVE_PORT: "8000",
      NATIVE_VENV: ".venv",
      NATIVE_ENV_FILE: "",
      NATIVE_COMMAND_COUNT: "3",
      NATIVE_COMMAND_1: "python",
      NATIVE_COMMAND_2: "-m",
      NATIVE_COMMAND_3: "jarvis",
      NATIVE_ENV_COUNT: "0",
      PROJECT_DIR: "",
      STACK_DIR: "..",
    });
  });

  test("the settings of a service", () => {
    expect(made.env("jarvis/services/frontend.env")).toMatchObject({
      CONTAINER: "jarvis-frontend-dev",
      IMAGE_NAME: "localhost/jarvis-frontend",
      CONTEXT: "frontend",
      CONTAINERFILE: "Containerfile",
      PORT_1: "5173:5173",
      LIVE_1: "frontend/src:/app/src",
      LIVE_LABELS: "Z",
      DEPENDENCY_VOLUME_1: "jarvis-node-modules:/app/node_modules",
      DEPENDS_ON: "backend",
      HEALTH_PORT: "",
    });
    expect(made.env("jarvis/services/backend.env")).toMatchObject({
      CONTEXT: ".",
      ARG_1: "PYTHON=3.11",
      PORT_2: "9000:90",
      VOLUME_1: "jarvis-models:/app/models",
      HEALTH_PATH: "/health",
      HEALTH_PORT: "8000",
      HEALTH_TIMEOUT: "120",
      KEEP_ID: "1",
    });
  });

  test("the compose file, as YAML has it", () => {
    expect(parse(made.file("jarvis/compose.yaml"))).toEqual({
      services: {
        backend: {
          container_name: "jarvis-backend-dev",
          image: "${DEV_BACKEND_IMAGE}",
          init: true,
          ports: ["127.0.0.1:8000:8000", "127.0.0.1:9000:90"],
          volumes: ["${DEV_ROOT}/src:/app/src:rw${DEV_LABEL_OWN}", "models:/app/models"],
          environment: { PRICE: "$$5", LLM_API_BASE: "http://host.containers.internal:1234/v1" },
          env_file: ["${DEV_ROOT}/.env"],
          stop_grace_period: "10s",
          networks: ["jarvis-dev-network"],
          labels: labels("backend", "DEV_BACKEND"),
        },
        frontend: {
          container_name: "jarvis-frontend-dev",
          image: "${DEV_FRONTEND_IMAGE}",
          init: true,
          ports: ["127.0.0.1:5173:5173"],
          volumes: ["${DEV_ROOT}/frontend/src:/app/src:rw${DEV_LABEL_OWN}", "node-modules:/app/node_modules"],
          depends_on: ["backend"],
          stop_grace_period: "10s",
          networks: ["jarvis-dev-network"],
          labels: labels("frontend", "DEV_FRONTEND"),
        },
      },
      networks: { "jarvis-dev-network": { external: true, name: "jarvis-dev-network" } },
      volumes: {
        models: { external: true, name: "jarvis-models" },
        "node-modules": { external: true, name: "jarvis-node-modules-${DEV_FRONTEND_HASH}" },
      },
    });
  });

  function labels(service: string, variable: string) {
    return {
      "io.gantry.project": "lab",
      "io.gantry.dev": "jarvis",
      "io.gantry.service": service,
      "io.gantry.root": "${DEV_ROOT}",
      "io.gantry.config": `\${${variable}_CONFIG}`,
    };
  }
});

test("the host's name, which podman brings and docker has to be told, is in the compose file too", () => {
  const compose = (engine: "podman" | "docker") =>
    renderCompose(
      "jarvis",
      devStackProps.parse({ project: "lab", engine, services: { app: { build: { context: "." } } } }),
    );
  expect(compose("docker")).toContain("host.containers.internal:host-gateway");
  expect(compose("podman")).not.toContain("extra_hosts");
});

test("an entrypoint and devices are in the compose file", () => {
  const app = {
    build: { context: "." },
    entrypoint: ["sh", "-c"],
    command: ["echo $HOME"],
    devices: ["nvidia.com/gpu=all"],
  };
  const compose = renderCompose("jarvis", devStackProps.parse({ project: "lab", services: { app } }));
  const { services } = parse(compose) as { services: { app: object } };
  expect(services.app).toMatchObject({
    entrypoint: ["sh", "-c"],
    command: ["echo $$HOME"],
    devices: ["nvidia.com/gpu=all"],
  });
});

test("the constructor touches nothing but the tree", () => {
  const declare = () =>
    new DevStack(new TerraformStack(Testing.app(), "lab"), "jarvis", { services: { backend, frontend } });
  declare(); // all modules are loaded now
  const stack = new TerraformStack(Testing.app(), "lab");
  expect(touchedBy(() => void new DevStack(stack, "jarvis", { services: { backend, frontend } }))).toEqual([]);
});

test("directories that services share get SELinux's shared label, also one inside of the other", () => {
  const made = template({
    services: {
      a: { image: "localhost/a:1", live: { src: "/src", docs: "/docs" } },
      b: { image: "localhost/b:1", live: { "src/lib": "/lib", srcs: "/srcs" } },
    },
  });
  expect(made.env("jarvis/services/a.env").LIVE_LABELS).toBe("z Z");
  expect(made.env("jarvis/services/b.env").LIVE_LABELS).toBe("z Z");
});

test("two stacks of services in one Terraform stack, with folders of their own", () => {
  const made = Template.of(
    (stack) => {
      new DevStack(stack, "one", { services: { a: { image: "localhost/a:1" } } });
      new DevStack(stack, "two", { services: { a: { image: "localhost/a:1" } }, scripts: "scripts-two" });
    },
    { aws: false },
  );
  expect(made.paths).toEqual(expect.arrayContaining(["scripts/dev-fast.sh", "scripts-two/dev-fast.sh"]));
  expect(made.env("two/dev.env").SHIMS).toBe("scripts-two");
});

test("what is legal but doubtful is warned of", () => {
  const services = {
    web: { image: "localhost/a:1", ports: [80], env: { KEY: "ghp_0123456789abcdefghij" } },
  };
  expect(template({ services }).warnings).toEqual([
    "[lab/jarvis] services.web.ports: 80 is below 1024, which rootless podman may not bind; take one from 1024 on",
    "[lab/jarvis] services.web.env.KEY looks like a secret and would be in a generated file; use envFile",
  ]);
  expect(template({ services: { web: { ...services.web, env: {} } }, engine: "docker" }).warnings).toEqual([]);
});

describe("refused", () => {
  test("values, all at once", () => {
    const services = {
      backend: {
        build: { context: "../outside", args: { "A-B": "1" } },
        image: "python:3.11",
        ports: [0],
        live: { "/etc": "/etc", "a:b": "/x", docs: "relative" },
        envFile: "~/.env",
        user: "root",
        port: 1,
      },
      Bad: { image: "localhost/a:1" },
    };
    expect(refusal({ services, engine: "nerdctl", models: [{ path: "m", url: "http://x/m", sha256: "1" }] }))
      .toBe(`[lab/jarvis] DevStack: invalid props
  services.backend.build.context: got "../outside"; allowed: a relative path with "/" and without ".." and ":", such as "src"
  services.backend.build.args.A-B: got the name "A-B"; allowed: a name of letters, digits and underscores
  services.backend.image: got "python:3.11"; allowed: an image by digest, "docker.io/library/redis@sha256:…", or of this machine, "localhost/…"
  services.backend.ports[0]: got 0; allowed: a port, 1 to 65535, or an object with host, container
  services.backend.live["/etc"]: got the name "/etc"; allowed: a relative path with "/" and without ".." and ":", such as "src"
  services.backend.live["a:b"]: got the name "a:b"; allowed: a relative path with "/" and without ".." and ":", such as "src"
  services.backend.live.docs: got "relative"; allowed: an absolute path without ".." and ":", such as "/app/src"
  services.backend.envFile: got "~/.env"; allowed: a relative path with "/" and without ".." and ":", such as "src"
  services.backend.user: got "root"; allowed: one of "host", "image"
  services.backend.port: unknown property; did you mean "ports"?
  services.Bad: got the name "Bad"; allowed: lower-case letters, digits and dashes, at most 41
  engine: got "nerdctl"; allowed: one of "podman", "docker"
  models[0].url: got "http://x/m"; allowed: an address, "https://…"
  models[0].sha256: got "1"; allowed: 64 hexadecimal digits`);
  });

  test("a name that is no program's", () => {
    expect(refusal({ services: { a: { image: "localhost/a:1" } } }, "My Stack")).toBe(
      `[lab/My Stack] DevStack: invalid props
  id: got "My Stack"; allowed: a program name of lower-case letters, digits and dashes, at most 31 (the stack's program is bin/<id>)`,
    );
  });

  test("nothing at all", () => {
    expect(refusal(undefined)).toContain(
      "[lab/jarvis] DevStack: invalid props\n  props: missing; allowed: an object with",
    );
    expect(refusal({ services: {} })).toBe(
      "[lab/jarvis] DevStack: invalid props\n  services: got {}; allowed: at least one service",
    );
  });

  test("no image, and two", () => {
    expect(faultsOf({})).toEqual(["services.backend: allowed: exactly one of build and image"]);
    expect(faultsOf({ build: { context: "." }, image: "localhost/a:1" })).toEqual([
      "services.backend: allowed: exactly one of build and image",
    ]);
  });

  test.each([".env", "src/main.py", "package.json", ".env.local", "Containerfile"])("%j mounted alone", (file) => {
    expect(faultsOf({ image: "localhost/a:1", live: { [file]: "/app/x" } })).toEqual([
      `services.backend.live["${file}"]: got a single file; allowed: a directory. An editor that saves by renaming leaves the container with the old file; mount its directory, or use envFile for an .env`,
    ]);
  });

  test("one port twice", () => {
    const other = { image: "localhost/b:1", ports: [{ host: 8000, container: 80 }] };
    expect(faultsOf({ image: "localhost/a:1", ports: [8000] }, { other })).toEqual([
      "services.other.ports[0]: got 8000, the port of services.backend; allowed: each host port once",
    ]);
  });

  test("an unknown service, and a circle", () => {
    expect(faultsOf({ image: "localhost/a:1", dependsOn: ["db"] })).toEqual([
      'services.backend.dependsOn[0]: got "db"; allowed: a service of this stack, backend',
    ]);
    const others = {
      a: { image: "localhost/a:1", dependsOn: ["b"] },
      b: { image: "localhost/b:1", dependsOn: ["backend"] },
    };
    expect(faultsOf({ image: "localhost/a:1", dependsOn: ["a"] }, others)).toEqual([
      "services.backend.dependsOn: got a circle, backend -> a -> b -> backend; allowed: none",
    ]);
  });

  test("a service of fast that needs one of full", () => {
    expect(
      faultsOf({ image: "localhost/a:1", dependsOn: ["llm"] }, { llm: { image: "localhost/b:1", fullOnly: true } }),
    ).toEqual([
      'services.backend.dependsOn: got "llm", which fast leaves out; allowed: services of fast, or fullOnly here too',
    ]);
  });

  test("health that cannot be asked for", () => {
    expect(faultsOf({ image: "localhost/a:1", health: { path: "/" } })).toEqual([
      "services.backend.health.path: allowed: nothing without ports; use command",
    ]);
    expect(faultsOf({ image: "localhost/a:1", ports: [1], health: { path: "/", port: 2 } })).toEqual([
      "services.backend.health.port: got 2; allowed: a host port of the service, 1",
    ]);
    expect(faultsOf({ image: "localhost/a:1", health: {} })).toEqual([
      "services.backend.health: allowed: exactly one of path and command",
    ]);
  });

  test("mounts and volumes that are in each other's way", () => {
    expect(faultsOf({ image: "localhost/a:1", live: { src: "/app" }, volumes: { a: "/app" } })).toEqual([
      'services.backend.volumes["a"]: got "/app", where live["src"] is mounted; allowed: each place once',
    ]);
    expect(faultsOf({ build: { context: "." }, dependencyVolumes: { modules: "/m" } })).toEqual([
      "services.backend.dependencies: missing; allowed: the lock file that dependencyVolumes are named by",
    ]);
    const other = { image: "localhost/b:1", volumes: { modules: "/m" } };
    expect(
      faultsOf({ build: { context: "." }, dependencies: ["l"], dependencyVolumes: { modules: "/m" } }, { other }),
    ).toEqual(["services.backend.dependencyVolumes.modules: got a name that volumes has too; allowed: another name"]);
  });

  test("a server of somebody else on the port of a service", () => {
    const services = { a: { image: "localhost/a:1", ports: [1234] } };
    expect(refusal({ services, external: { llm: { port: 1234 } } })).toBe(
      "[lab/jarvis] DevStack: invalid props\n  external.llm.port: got 1234, the port of services.a; allowed: a port that no service of fast has",
    );
  });
});
