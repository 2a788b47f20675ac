// What the program of a DevStack runs its engine with, by dry runs with an engine that is made up; and what it says of wrong words.
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { DevServiceProps, DevStackProps } from "../../lib/image/dev-stack.props";
import { DEV_PROGRAMS } from "../../lib/image/programs";
import { DevLab } from "../support/dev-lab";
import { freePort } from "../support/free-port";
import { programCommands } from "../support/program-commands";
import { which } from "../support/tools";

const service: DevServiceProps = {
  build: { context: "app" },
  live: { "app/src": "/app/src" },
  dependencies: ["app/version.txt"],
  stopSeconds: 3,
};
// Nothing is there, and nothing fails but questions for what is there.
const engine = "case $1 in image | volume | network) exit 1 ;; esac";

let lab: DevLab;
beforeAll(() => {
  lab = new DevLab({ services: { app: service } }, "jarvis");
  lab.webService("app", 8000);
  lab.stub("podman", engine);
  lab.stub("docker", engine);
});
afterAll(() => lab.stop());

/** The line that would start the container. */
function started(props: Partial<DevServiceProps> = {}, more: Partial<DevStackProps> = {}, env: NodeJS.ProcessEnv = {}) {
  lab.configure({ services: { app: { ...service, ...props } }, ...more });
  const { stdout, stderr } = lab.run(["fast", "--dry-run"], env);
  const line = stdout.split("\n").find((each) => each.includes(" run -d "));
  if (line === undefined) throw new Error(stdout + stderr);
  return line
    .replace("would run: ", "")
    .replace(/ --label io\.gantry\.[a-z]+=\S+/g, "")
    .replaceAll(lab.project, "PROJECT")
    .replace(/dep-[0-9a-f]{16}/g, "dep-HASH")
    .replace(/ --label io.gantry.root=PROJECT| project/g, "");
}

test("every program is generated", () => {
  expect([...DEV_PROGRAMS.names].sort()).toEqual(readdirSync(DEV_PROGRAMS.directory).sort());
  expect(DEV_PROGRAMS.directory).toBe(join(__dirname, "../../lib/image/scripts/dev"));
});

test("a container by podman", () => {
  expect(started()).toBe(
    "podman run -d --init --name jarvis-app-dev --network jarvis-dev-network --network-alias app --stop-timeout 3" +
      `${process.getuid?.() === 0 ? "" : " --userns=keep-id"} -v PROJECT/app/src:/app/src:rw localhost/jarvis-app:dep-HASH`,
  );
});

test("a container by docker, which needs the host's name", async () => {
  const [one, two] = [await freePort(), await freePort()];
  expect(started({ ports: [one, { host: two, container: 80 }] }, { engine: "docker" })).toBe(
    "docker run -d --init --name jarvis-app-dev --network jarvis-dev-network --network-alias app --stop-timeout 3" +
      " --add-host host.containers.internal:host-gateway " +
      `-p 127.0.0.1:${one}:${one} -p 127.0.0.1:${two}:80` +
      " -v PROJECT/app/src:/app/src:rw localhost/jarvis-app:dep-HASH",
  );
});

test("the production image may have a Containerfile of its own", () => {
  const file = (build: Partial<NonNullable<DevServiceProps["build"]>>) => {
    lab.configure({ services: { app: { ...service, build: { context: "app", ...build } } } });
    const { stdout, stderr } = lab.run(["build", "--dry-run"]);
    return stderr + (/ -f (.*?) --/.exec(stdout)?.[1]?.replace(lab.project, "PROJECT") ?? "");
  };
  lab.write("app/Containerfile.prod", "FROM scratch\n");
  expect(file({})).toBe("PROJECT/app/Containerfile");
  expect(file({ productionFile: "Containerfile.prod", target: "dev" })).toBe("PROJECT/app/Containerfile.prod");
  expect(file({ productionFile: "missing" })).toBe(
    "jarvis: app: app/missing is not there\n  its name is build.productionFile in the stack, or build.file\n",
  );
});

test("an entrypoint of several words, and devices", () => {
  const props = { entrypoint: ["sh", "-c"], command: ["exec x"], devices: ["/dev/snd", "nvidia.com/gpu=all"] };
  expect(started(props)).toMatch(
    / --device \/dev\/snd --device nvidia\.com\/gpu=all --entrypoint sh localhost\/jarvis-app:dep-HASH -c exec x$/,
  );
});

test("podman builds in docker's format what OCI's has no place for", () => {
  lab.configure({ services: { app: service } });
  const builds = () =>
    lab
      .run(["fast", "--dry-run"])
      .stdout.split("\n")
      .filter((line) => line.includes(" build -t "));
  expect(builds()).toEqual([expect.not.stringContaining("--format")]);
  lab.write("app/Containerfile", 'FROM scratch\nshell ["/bin/bash", "-c"]\n');
  expect(builds()).toEqual([expect.stringContaining(" --format docker ")]);
  lab.webService("app", 8000);
});

test("rootless podman maps you to yourself, unless the service wants the image's user", () => {
  const asOther = (props: Partial<DevServiceProps>) => {
    lab.configure({ services: { app: { ...service, ...props } } });
    return lab.runAs(65534, ["fast", "--dry-run"]).stdout;
  };
  expect(asOther({})).toContain(" --userns=keep-id ");
  expect(asOther({ user: "image" })).toMatch(/ run -d (?!.*--userns)/);
});

test("file changes are polled for on macOS and on a Windows drive only", () => {
  expect(started()).not.toContain("POLLING");
  expect(started({}, {}, { OSTYPE: "darwin22" })).toContain(
    " -e CHOKIDAR_USEPOLLING=true -e WATCHPACK_POLLING=true -e WATCHFILES_FORCE_POLLING=true ",
  );
});

test("volumes, command and environment arrive as words of their own", () => {
  const line = started({
    volumes: { models: "/app/models" },
    dependencyVolumes: { "node-modules": "/app/node_modules" },
    env: { A: "x y" },
    command: ["serve", "--title", "a b"],
  });
  expect(line).toMatch(
    / -v jarvis-models:\/app\/models -v jarvis-node-modules-[0-9a-f]{16}:\/app\/node_modules -e A=x y localhost\/jarvis-app:dep-HASH serve --title a b$/,
  );
});

test.each([
  ["FROM docker.io/library/python:3.11-slim AS base\nFROM base AS final\n", ["docker.io/library/python:3.11-slim"]],
  ["ARG TAG=1\nFROM one:${TAG}\n", ["one:1"]],
  ["ARG TAG=1\nFROM one:$TAG\n", ["one:1"]],
  ["FROM one:${TAG:-3}\nARG TAG=9\n", ["one:3"]],
  ["ARG TAG=1\nFROM one:${TAG:-3}\n", ["one:1"]],
  [
    "FROM --platform=linux/amd64 one:2 as x\nCOPY --from=two:3 /a /b\nCOPY --from=x /a /b\nCOPY --from=0 /a /b\n",
    ["one:2", "two:3"],
  ],
  ["FROM scratch\n# FROM nothing:1\nRUN echo from --from=three:1\n", []],
  ["FROM one@sha256:" + "a".repeat(64) + "\n", []],
])("what %j is built from is pulled when it is not here", (text, bases) => {
  lab.write("app/Containerfile", text);
  lab.configure({ services: { app: service } });
  const { stdout } = lab.run(["fast", "--dry-run"]);
  const pulled = stdout.split("\n").filter((line) => line.startsWith("would run: podman pull "));
  expect(pulled.map((line) => line.slice("would run: podman pull ".length))).toEqual(bases);
});

test("a build argument of the stack goes before the Containerfile's own default", () => {
  lab.write("app/Containerfile", "ARG TAG=1\nFROM one:${TAG}\n");
  lab.configure({ services: { app: { ...service, build: { context: "app", args: { TAG: "7" } } } } });
  expect(lab.run(["fast", "--dry-run"]).stdout).toContain("would run: podman pull one:7\n");
  lab.webService("app", 8000);
});

test("the engine is not there: 1", () => {
  lab.configure({ services: { app: service }, engine: "docker" });
  const path = join(lab.home, "tools");
  mkdirSync(path);
  for (const name of ["bash", "env", "mktemp", "mkdir", "rm", "date", "cat"]) {
    const file = which(name);
    if (file !== undefined) symlinkSync(file, join(path, name));
  }
  expect(lab.run(["fast"], { PATH: path })).toMatchObject({
    code: 1,
    stderr: "jarvis: docker is not installed\n  install it, or change the engine in the stack\n",
  });
});

test("the engine does not answer: 69, with its words", () => {
  lab.configure({ services: { app: service } });
  lab.stub("podman", "echo cannot connect >&2; exit 125");
  for (const command of ["fast", "status", "stop", "logs", "stats"]) {
    expect(lab.run([command])).toMatchObject({
      code: 69,
      stderr: "jarvis: podman does not answer\n  cannot connect\n",
    });
  }
  lab.stub("podman", engine);
});

test.each([
  [["nothing"], "jarvis: unknown command: nothing\n  see: jarvis help\n"],
  [["fast", "other"], "jarvis: unknown service: other\n  jarvis has: app\n"],
  [["fast", "--other"], "jarvis: fast: unknown option --other\n  see: jarvis help fast\n"],
  [["full", "app"], "jarvis: full: unexpected argument app\n  see: jarvis help full\n"],
  [["logs", "--tail", "x"], "jarvis: logs: --tail wants a number, not x\n  see: jarvis help logs\n"],
  [["restore", "models"], "jarvis: restore wants a volume and a file\n  see: jarvis help restore\n"],
  [["backup", "models"], "jarvis: unknown volume: models\n  jarvis has: none\n"],
  [["local"], "jarvis: the stack has no strategy without containers\n  give the DevStack native: { command: […] }\n"],
])("%j is 2", (words, stderr) => {
  lab.configure({ services: { app: service } });
  expect(lab.run(words)).toMatchObject({ code: 2, stderr });
});

test("every command has help, and help names every command", () => {
  const help = lab.ok("help");
  for (const command of programCommands("image/scripts/dev").keys()) {
    expect(help).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
    const { code, stdout } = lab.run([command, "--help"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`Usage: jarvis ${command}`)]);
  }
  expect(JSON.parse(lab.ok("version", "--json"))).toMatchObject({
    program: "jarvis",
    programs: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
});
