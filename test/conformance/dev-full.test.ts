// `full` with podman-compose, and what works whether anything runs or not.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DevLab, devTools } from "../support/dev-lab";
import { freePort } from "../support/free-port";
import { withTools } from "../support/tools";

withTools([...devTools, "podman-compose"], () => {
  let lab: DevLab;
  let ports: number[];

  beforeAll(async () => {
    ports = [await freePort(), await freePort()];
    const [web = 0, llm = 0] = ports;
    lab = new DevLab({
      services: {
        llm: {
          build: { context: "llm" },
          ports: [llm],
          live: { "./llm/src": "/app/src" },
          dependencies: ["llm/version.txt"],
          // Comes up late: whoever needs it must wait.
          command: ["sh", "-c", `sleep 1; exec httpd -f -p ${llm} -h /app/src`],
          health: { path: "/" },
          fullOnly: true,
        },
        web: {
          build: { context: "web" },
          ports: [web],
          live: { "web/src": "/app/src" },
          volumes: { models: "/app/models" },
          dependencies: ["web/version.txt"],
          dependencyVolumes: { modules: "/modules" },
          env: { PRICE: "$5 and ${HOME}", QUOTED: "it's" },
          envFile: ".env",
          dependsOn: [],
          health: { path: "/" },
        },
      },
    });
    lab.webService("llm", llm);
    lab.webService("web", web);
    lab.write(".env", "FROM_FILE=a b\n");
  });
  afterAll(() => lab.stop());

  const running = () => lab.podman("ps", "--format", "{{.Names}}").split("\n").sort();

  test("with nothing running, looking is no error and says so", () => {
    expect(lab.ok("stop")).toBe("nothing runs\n");
    expect(lab.ok("stats")).toBe("nothing runs\n");
    expect(lab.ok("volumes")).toBe(`no volumes yet; '${lab.id} fast' makes them\n`);
    expect(lab.ok("backup")).toBe("no volumes yet, nothing to back up\n");
    expect(lab.ok("df")).toContain("images: 0 B\n");
    expect(lab.ok("logs", "web")).toBe(`web: there is no container; start it with: ${lab.id} fast\n`);
    expect(JSON.parse(lab.ok("status", "--json"))).toMatchObject({
      services: [
        { service: "llm", state: "absent" },
        { service: "web", state: "absent" },
      ],
    });
  });

  test("fast leaves out what only full starts", () => {
    lab.ok("fast");
    expect(running()).toEqual([`${lab.id}-web-dev`]);
    lab.ok("stop", "--remove");
    expect(lab.podman("ps", "-aq")).toBe("");
  });

  test("full has compose start all, with the values unchanged, and waits for health", async () => {
    expect(lab.shim("podman-dev.sh", ["--json"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/"llm","state":"started".*"web","state":"started"/),
      stderr: expect.not.stringContaining("without it"),
    });
    expect(running()).toEqual([`${lab.id}-llm-dev`, `${lab.id}-web-dev`]);
    for (const port of ports) expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("one\n");
    const shown = lab.podman(
      ...["exec", `${lab.id}-web-dev`, "sh", "-c"],
      'printf "%s|%s|%s|" "$PRICE" "$QUOTED" "$FROM_FILE"; cat /modules/version.txt',
    );
    expect(shown).toBe("$5 and ${HOME}|it's|a b|1");
    const label = '{{index .Config.Labels "com.docker.compose.project"}} {{.HostConfig.Init}}';
    expect(lab.podman("inspect", "--format", label, `${lab.id}-web-dev`)).toBe(`${lab.id} true`);
  });

  test("again, nothing is touched; nor by fast, which wants the same container", () => {
    const before = [lab.containerId("web"), lab.containerId("llm")];
    for (const command of ["full", "fast"]) {
      const { code, stdout, stderr } = lab.run([command]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("web: up to date, 0 bytes copied");
    }
    expect([lab.containerId("web"), lab.containerId("llm")]).toEqual(before);
  });

  test("a service that does not come up is 65, though compose ends with 0; the one before comes back if it cannot start", () => {
    const before = lab.containerId("web");
    const file = join(lab.root, lab.id, "services/web.env");
    const text = readFileSync(file, "utf8");
    const compose = join(lab.root, lab.id, "compose.yaml");
    const composed = readFileSync(compose, "utf8");
    writeFileSync(file, text.replace("'web/src:/app/src'", "'web/src:/bin/busybox'"));
    writeFileSync(compose, composed.replace("/web/src:/app/src", "/web/src:/bin/busybox"));
    const { code, stderr } = lab.run(["full"]);
    expect([code, stderr]).toEqual([65, expect.stringContaining(`${lab.id}-web-dev is back as it was\n`)]);
    expect(lab.containerId("web")).toBe(before);
    writeFileSync(file, text);
    writeFileSync(compose, composed);
    expect(lab.ok("full")).toContain("web: up to date");
  });

  test("what runs is shown: status, logs, stats, df, volumes", () => {
    expect(lab.ok("status")).toMatch(
      new RegExp(`^web +${lab.id}-web-dev +running +up +http://127.0.0.1:${ports[0] ?? 0}$`, "m"),
    );
    expect(lab.ok("logs", "--tail", "1")).toContain("== llm\n");
    expect(JSON.parse(lab.ok("stats", "--json"))).toMatchObject({
      containers: expect.arrayContaining([expect.objectContaining({ container: `${lab.id}-web-dev` })]),
    });
    expect(lab.ok("df")).toMatch(new RegExp(`^volume +${lab.id}-models +0B$`, "m"));
    expect(JSON.parse(lab.ok("volumes", "--json"))).toMatchObject({ volumes: [{ volume: `${lab.id}-models` }, {}] });
  });

  test("a volume is backed up, and restored only where nothing uses it and with a yes", () => {
    const inside = (script: string) => lab.podman("exec", `${lab.id}-web-dev`, "sh", "-c", script);
    inside("echo one >/app/models/a");
    lab.ok("backup", "--to", join(lab.home, "back ups"), "models");
    const [file = ""] = readdirSync(join(lab.home, "back ups"));
    expect(file).toMatch(new RegExp(`^${lab.id}-models-\\d{8}T\\d{6}Z\\.tar$`));
    const backup = join(lab.home, "back ups", file);
    inside("echo two >/app/models/a; echo more >/app/models/b");
    expect(lab.run(["restore", "models", backup, "--yes"])).toMatchObject({
      code: 2,
      stderr: `${lab.id}: the volume ${lab.id}-models is in use by ${lab.id}-web-dev\n  ${lab.id} stop\n`,
    });
    expect(lab.ok("stop")).toBe(`stopped: ${lab.id}-llm-dev ${lab.id}-web-dev\n`);
    expect(lab.run(["restore", "models", backup])).toMatchObject({
      code: 77,
      stderr: `${lab.id}: the content of ${lab.id}-models is replaced\n  say it with --yes\n`,
    });
    lab.write("no.tar", "no tar\n");
    expect(lab.run(["restore", "models", join(lab.project, "no.tar"), "--yes"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is no tar file"),
    });
    lab.ok("restore", "models", backup, "--yes");
    lab.ok("fast");
    expect(inside("ls /app/models; cat /app/models/a")).toBe("a\none");
    // What was there before is kept.
    const kept = readdirSync(join(lab.project, ".gantry/backups"));
    expect(kept).toEqual([expect.stringMatching(/-models-before-/)]);
  });

  test("a restore that fails brings the content of before back", () => {
    const backup = join(lab.home, "back ups", readdirSync(join(lab.home, "back ups"))[0] ?? "");
    lab.podman("exec", `${lab.id}-web-dev`, "sh", "-c", "echo mine >/app/models/a");
    lab.ok("stop");
    // The second import is the one that counts: it fails halfway.
    lab.stub(
      "podman",
      `if [ "$1 $2 $3" = "volume import ${lab.id}-models" ] && [ "$4" = "${backup}" ]; then exit 125; fi
PATH=\${PATH#*:} exec podman "$@"`,
    );
    const { code, stderr } = lab.run(["restore", "models", backup, "--yes"]);
    lab.unstub("podman");
    expect([code, stderr]).toEqual([65, expect.stringContaining(`${lab.id}-models is back as it was\n`)]);
    lab.ok("fast");
    expect(lab.podman("exec", `${lab.id}-web-dev`, "cat", "/app/models/a")).toBe("mine");
  });
});
