// `clean` and `build` with real podman: what goes, and what stays when a build fails.
import { DevLab, devTools } from "../support/dev-lab";
import { freePort } from "../support/free-port";
import { withTools } from "../support/tools";

withTools(devTools, () => {
  let lab: DevLab;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    const build = { context: "app", target: "dev", productionTarget: "production" };
    const app = { build, ports: [port], live: { "app/src": "/app/src" }, dependencies: ["app/version.txt"] };
    const volumes = { volumes: { models: "/app/models" }, dependencyVolumes: { modules: "/modules" } };
    lab = new DevLab({
      services: {
        app: { ...app, ...volumes, health: { path: "/" } },
        other: { build: { context: "other" }, dependencies: ["other/version.txt"], command: ["sleep", "600"] },
      },
    });
    lab.webService("app", port);
    lab.webService("other", 80);
    const dev = lab.read("app/Containerfile").replace("FROM scratch", "FROM scratch AS dev");
    lab.write("app/Containerfile", `${dev}FROM dev AS production\nCOPY src /app/src\n`);
    // Somebody else's, with a name like ours.
    lab.podman("build", "-q", "-t", `localhost/${lab.id}-app-2:dev`, "-f", "Containerfile", `${lab.project}/other`);
    lab.ok("fast");
  });
  afterAll(() => lab.stop());

  const id = (image: string) => lab.podman("image", "inspect", "--format", "{{.Id}}", `localhost/${lab.id}-${image}`);
  const names = () =>
    lab
      .podman("images", "--format", "{{.Repository}}:{{.Tag}}")
      .split("\n")
      .filter((name) => name !== "<none>:<none>") // layers of a build that failed, which podman keeps
      .map((name) => name.replace(`localhost/${lab.id}-`, "").replace(/dep-[0-9a-f]{16}/, "dep-HASH"))
      .sort();
  const volumes = () =>
    lab
      .podman("volume", "ls", "-q")
      .split("\n")
      .map((name) => name.replace(`${lab.id}-`, "").replace(/-[0-9a-f]{16}$/, "-HASH"))
      .sort();

  test("a build that fails is 65 and leaves the images, and what runs of them, as they were", async () => {
    const before = { images: names(), container: lab.containerId("app"), image: id("app:dev") };
    const text = lab.read("other/Containerfile");
    lab.write("other/Containerfile", `${text}COPY missing /x\n`);
    const { code, stderr } = lab.run(["clean"]);
    expect([code, stderr]).toEqual([
      65,
      expect.stringContaining(
        `${lab.id}: other: the build failed\n  the images and containers of before are still there; see above\n`,
      ),
    ]);
    expect({ images: names(), container: lab.containerId("app"), image: id("app:dev") }).toEqual(before);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("one\n");
    lab.write("other/Containerfile", text);
  });

  test("a dry run names all that goes, and nothing goes", () => {
    const before = [names(), volumes()];
    const { stdout } = lab.run(["clean", "--dry-run"]);
    const lines = stdout
      .split("\n")
      .filter((line) => line !== "" && !line.includes(" build "))
      .map((line) => line.replaceAll(lab.id, "ID").replace(/(dep|modules)-[0-9a-f]{16}/, "$1-HASH"));
    expect(lines).toEqual([
      "would run: podman rm -f ID-app-dev",
      "would run: podman rmi localhost/ID-app:dep-HASH",
      "would run: podman rmi localhost/ID-app:dev",
      "would run: podman volume rm ID-modules-HASH",
      "would run: podman rm -f ID-other-dev",
      "would run: podman rmi localhost/ID-other:dep-HASH",
      "would run: podman rmi localhost/ID-other:dev",
    ]);
    expect([names(), volumes()]).toEqual(before);
  });

  test("production images come from their own stage, with the code in them, and stay", () => {
    expect(lab.ok("build", "app")).toBe(`built: localhost/${lab.id}-app:prod\n`);
    expect(lab.podman("run", "--rm", `localhost/${lab.id}-app:prod`, "cat", "/app/src/index.html")).toBe("one");
    const before = id("app:prod");
    const text = lab.read("app/Containerfile");
    lab.write("app/Containerfile", `${text}COPY missing /x\n`);
    expect(lab.run(["build", "app"])).toMatchObject({
      code: 65,
      stderr: expect.stringContaining(`localhost/${lab.id}-app:prod did not move`),
    });
    expect(id("app:prod")).toBe(before);
    lab.write("app/Containerfile", text);
  });

  test("all is built anew; what was goes, but for volumes with data, production images and other people's", () => {
    const before = [id("app:dev"), id("other:dev")];
    lab.podman("exec", `${lab.id}-app-dev`, "sh", "-c", "echo kept >/app/models/m; echo stale >/modules/stale");
    // A name of before that the image of now had already, as when a change of dependencies was taken back.
    lab.podman("tag", `localhost/${lab.id}-app:dev`, `localhost/${lab.id}-app:dep-0123456789abcdef`);
    expect(lab.shim("rebuild-clean.sh")).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining("cannot be removed"),
      stdout: `built anew: app other; start with: ${lab.id} fast\n`,
    });
    expect(lab.podman("ps", "-aq")).toBe("");
    expect(names()).toEqual(["app-2:dev", "app:dep-HASH", "app:dev", "app:prod", "other:dep-HASH", "other:dev"]);
    const now = [id("app:dev"), id("other:dev")];
    expect(now.filter((each) => before.includes(each))).toEqual([]);
    expect(lab.run(["fast", "--json"])).toMatchObject({ code: 0, stderr: expect.not.stringContaining("building") });
    expect(lab.podman("exec", `${lab.id}-app-dev`, "ls", "/app/models", "/modules")).toBe(
      "/app/models:\nm\n\n/modules:\nversion.txt",
    );
    expect(volumes()).toEqual(["models", "modules-HASH"]);
  });

  test("old dependency images and volumes: the one before stays, for going back; prune takes what nothing uses", () => {
    for (const version of ["2", "3", "4"]) {
      lab.write("app/version.txt", version);
      lab.ok("fast", "app");
    }
    expect(names().filter((name) => name.startsWith("app:dep"))).toHaveLength(2);
    expect(volumes()).toEqual(["models", "modules-HASH", "modules-HASH", "modules-HASH", "modules-HASH"]);
    lab.ok("volumes", "--prune");
    expect(volumes()).toEqual(["models", "modules-HASH"]);
    expect(lab.podman("exec", `${lab.id}-app-dev`, "cat", "/modules/version.txt")).toBe("4");
  });

  test("a base that cannot be pulled is 69, before anything is touched", () => {
    const running = lab.containerId("app");
    const text = lab.read("app/Containerfile");
    lab.write("app/Containerfile", text.replace("FROM scratch", "FROM 127.0.0.1:9/nothing:1"));
    expect(lab.run(["clean", "app"])).toMatchObject({
      code: 69,
      stderr: expect.stringContaining(
        `${lab.id}: 127.0.0.1:9/nothing:1 cannot be pulled\n  is the network there? app is built FROM it\n`,
      ),
    });
    expect(lab.containerId("app")).toBe(running);
    lab.write("app/Containerfile", text);
  });
});
