// `fast` with rootless podman, as a user of its own. Rootless networks need a device that test machines may not give: a wrapper
// puts the containers on the host's network instead. All else is as it is.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { DevLab } from "../support/dev-lab";
import { freePort } from "../support/free-port";
import { type Standin, standinTools, startStandin } from "../support/standin";
import { withTools } from "../support/tools";

const WRAPPER = `#!/bin/bash
words=()
while [ $# -gt 0 ]; do
  case $1 in
    -p | --network-alias) shift ;;
    --network) words+=(--network host) && shift ;;
    *) words+=("$1") ;;
  esac
  shift
done
PATH=\${PATH#*:} exec podman "\${words[@]}"
`;

withTools([...standinTools, "busybox", "catatonit", "perl", "newuidmap"], () => {
  let host: Standin;
  let lab: DevLab;
  let port: number;

  beforeAll(async () => {
    [host, port] = [await startStandin(), await freePort()];
    lab = new DevLab(
      {
        services: {
          app: {
            build: { context: "app" },
            ports: [port],
            live: { "app/src": "/app/src" },
            volumes: { models: "/app/models" },
            dependencies: ["app/version.txt"],
            health: { path: "/" },
          },
        },
      },
      "jarvis",
    );
    lab.webService("app", port);
    execFileSync("cp", ["-R", lab.project, join(host.home, "my project")]);
    if (process.getuid?.() === 0) execFileSync("chown", ["-R", host.user, join(host.home, "my project")]);
    host.run("mkdir -p bin && cat >bin/podman && chmod +x bin/podman", WRAPPER);
  });
  afterAll(async () => {
    host.run("podman rm -fa -t 0");
    await host.stop();
    lab.stop();
  });

  const jarvis = (words: string) => host.output(`'my project/files/bin/jarvis' ${words}`);
  const fast = () => jarvis("fast");

  test("builds, starts, and leaves alone what is as it was", () => {
    expect(fast()).toMatch(/^app: started with a new image of /);
    expect(fast()).toMatch(/^app: up to date, 0 bytes copied, /);
  });

  test("what the container writes in mounted code is yours, and it may read what is yours alone", () => {
    host.output("cd 'my project/app/src' && echo mine >private && chmod 600 private");
    expect(host.output("podman exec jarvis-app-dev /bin/busybox cat /app/src/private")).toBe("mine\n");
    host.output("podman exec jarvis-app-dev /bin/busybox touch /app/src/written");
    expect(host.output("stat -c %U 'my project/app/src/written'")).toBe(`${host.user}\n`);
  });

  test("a change of dependencies replaces the container; stop, status and volumes work", () => {
    host.output("echo 2 >'my project/app/version.txt'");
    jarvis("stop"); // on the host's network no container is seen to have the port
    expect(fast()).toMatch(/^app: replaced with a new image of /);
    expect(jarvis("status")).toMatch(/^app +jarvis-app-dev +running +up /m);
    expect(jarvis("volumes")).toMatch(/^jarvis-models +0B$/m);
    expect(jarvis("stop")).toBe("stopped: jarvis-app-dev\n");
    expect(jarvis("backup")).toMatch(/^jarvis-models: .*\.tar$/m);
  });
});
