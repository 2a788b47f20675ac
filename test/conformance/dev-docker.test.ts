// engine: "docker". No docker daemon can run here: a stand-in translates its command line to podman, so this tests how the program
// calls docker and how it reads it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DevLab, devTools } from "../support/dev-lab";
import { freePort } from "../support/free-port";
import { withTools } from "../support/tools";

// What podman has and docker has not is an error; what docker says in other words is translated.
const DOCKER = (log: string) => `
printf '%s\\n' "$*" >>"${log}"
case "$1 $2" in
  'volume export' | 'volume import') echo "docker: unknown command: docker $1 $2" >&2; exit 1 ;;
  'compose version') exit 0 ;;
  'compose '*) shift; exec podman-compose --podman-path "$0" "$@" ;;
esac
words=()
for word in "$@"; do
  case $word in
    *userns*) echo "invalid USER mode" >&2; exit 125 ;;
    --add-host | host.containers.internal:host-gateway) continue ;;
    *'index .Labels'*) [ "$1" != ps ] || { echo "cannot index slice/array" >&2; exit 1; } ;;
    *'{{.Label "'*) word=$(printf '%s' "$word" | sed 's/{{.Label "/{{index .Labels "/g; s/{{.State}}/running/') ;;
  esac
  words+=("$word")
done
PATH=\${PATH#*:} exec podman "\${words[@]}"`;

withTools([...devTools, "podman-compose"], () => {
  let lab: DevLab;
  let log: string;

  beforeAll(async () => {
    const port = await freePort();
    lab = new DevLab({
      engine: "docker",
      services: {
        app: {
          build: { context: "app" },
          ports: [port],
          live: { "app/src": "/app/src" },
          volumes: { models: "/app/models" },
          dependencies: ["app/version.txt"],
          dependencyVolumes: { modules: "/modules" },
          health: { path: "/" },
        },
      },
    });
    lab.webService("app", port);
    log = join(lab.home, "docker.log");
    lab.stub("docker", DOCKER(log));
  });
  afterAll(() => lab.stop());

  const calls = () => readFileSync(log, "utf8");

  test("fast builds, starts, and then leaves alone what is as it was", () => {
    expect(lab.ok("fast")).toMatch(/^app: started with a new image of /);
    expect(calls()).toContain(" --add-host host.containers.internal:host-gateway ");
    const before = lab.containerId("app");
    expect(lab.ok("fast")).toMatch(/^app: up to date, 0 bytes copied, /);
    lab.write("app/version.txt", "2\n");
    expect(lab.ok("fast")).toMatch(/^app: replaced with a new image of /);
    expect(lab.containerId("app")).not.toBe(before);
  });

  test("full by docker compose", () => {
    lab.ok("stop", "--remove");
    expect(lab.ok("full")).toContain("app: started");
    expect(calls()).toMatch(/^compose -p \S+ -f .*compose\.yaml up -d --no-build --no-deps app$/m);
    expect(lab.ok("full")).toContain("app: up to date");
  });

  test("volumes go out and in through the tar of an image: docker has no command for it", () => {
    const container = `${lab.id}-app-dev`;
    lab.podman("exec", container, "sh", "-c", "echo one >/app/models/a");
    lab.ok("backup");
    const [file = ""] = readdirSync(join(lab.project, ".gantry/backups"));
    lab.podman("exec", container, "sh", "-c", "echo two >/app/models/b");
    lab.ok("stop", "--remove");
    lab.ok("restore", "models", join(lab.project, ".gantry/backups", file), "--yes");
    lab.ok("fast");
    expect(lab.podman("exec", container, "ls", "/app/models")).toBe("a");
    expect(calls()).not.toMatch(/^volume (export|import)/m);
  });

  test("clean, status, df", () => {
    expect(lab.ok("clean")).toBe(`built anew: app; start with: ${lab.id} fast\n`);
    lab.ok("fast");
    expect(lab.ok("status")).toMatch(/ running +up /);
    expect(lab.ok("df")).toContain(`localhost/${lab.id}-app:dev`);
  });
});
