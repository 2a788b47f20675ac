// Publishing to a real registry with a login: what is pushed, what is not, and what a failure leaves.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RegistryLab, registryLabTools } from "../support/registry-lab";
import { withTools } from "../support/tools";

withTools(registryLabTools, () => {
  let lab: RegistryLab;
  beforeAll(async () => {
    lab = await RegistryLab.start();
  });
  afterAll(() => lab.stop());
  beforeEach(() => {
    lab.proxy.dieAt(undefined);
    lab.proxy.forget();
    lab.publication({});
  });

  const written = () => lab.proxy.requests.filter((line) => !/^(GET|HEAD) /.test(line));
  const manifests = () =>
    lab.proxy.requests.flatMap((line) => /^PUT \/v2\/acme\/tool\/manifests\/(.*)$/.exec(line)?.slice(1) ?? []);

  test("first the content, then the version, then what moves; with labels that say what it is", async () => {
    const hash = lab.hash();
    const out = await lab.ok("publish", "--quiet");
    const tags = lab.tags();
    const digest = tags[`base-${hash}`] ?? "";
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(tags).toEqual({ [`base-${hash}`]: digest, "base-1.0.0": digest, "base-latest": digest });
    expect(out).toBe(
      `app: published, ${lab.proxy.address}/acme/tool:base-${hash} is ${digest}\n` +
        "  base-1.0.0 is on it now\n  base-latest is on it now\n",
    );
    expect(manifests()).toEqual([`base-${hash}`, "base-1.0.0", "base-latest"]);
    const config = JSON.parse(lab.skopeo("skopeo inspect --config --tls-verify=false docker://$REPO:base-1.0.0")) as {
      config: { Labels: Record<string, string> };
    };
    const labels = {
      "io.gantry.context": hash,
      "io.gantry.project": "lab",
      "org.opencontainers.image.source": "https://github.com/acme/tool",
      "org.opencontainers.image.revision": lab.lab.git("rev-parse", "HEAD").trim(),
      "org.opencontainers.image.version": "1.0.0",
      "org.opencontainers.image.title": `it's "the" $tool`,
    };
    expect(config.config.Labels).toMatchObject(labels);
    const manifest = JSON.parse(
      lab.skopeo("skopeo inspect --raw --tls-verify=false docker://$REPO:base-1.0.0"),
    ) as object;
    expect(manifest).toMatchObject({ annotations: labels });
    expect(lab.lab.runs().at(-1)).toMatchObject({ command: "publish", image: "app", hash, outcome: "published" });
  });

  test("again: one look at each tag, nothing is written, the same digest", async () => {
    const before = lab.tags();
    const hash = lab.hash();
    expect(await lab.run(["publish"])).toEqual({
      code: 0,
      stdout: `app: up to date, ${lab.proxy.address}/acme/tool:base-${hash} is ${before["base-latest"] ?? ""}\n`,
      stderr: "",
    });
    expect(written()).toEqual([]);
    expect(lab.proxy.requests.filter((line) => !line.endsWith(" /v2/")).sort()).toEqual(
      ["base-1.0.0", `base-${hash}`, "base-latest"].map((tag) => `GET /v2/acme/tool/manifests/${tag}`).sort(),
    );
    expect(lab.tags()).toEqual(before);
    expect(JSON.parse(await lab.ok("publish", "--json"))).toEqual({
      publication: "publish",
      image: "app",
      hash,
      repository: `${lab.proxy.address}/acme/tool`,
      tag: `base-${hash}`,
      digest: before["base-latest"],
      outcome: "up to date",
      pushed: [],
      moved: [],
    });
  });

  test("a version is never moved: refused before a build, and with both digests when the content is there", async () => {
    const before = lab.tags();
    const first = lab.hash();
    lab.version("2");
    const second = lab.hash();
    const refused = (here: string) =>
      "image: base-1.0.0 is published already, with other content\n" +
      `  there  ${before["base-1.0.0"] ?? ""} (content base-${first})\n` +
      `  here   ${here} (content base-${second})\n` +
      "  a version is never moved: raise the version of app in the stack and synthesize\n";
    expect(await lab.run(["publish"])).toEqual({ code: 65, stdout: "", stderr: refused("not built yet") });
    expect(written()).toEqual([]);
    expect(lab.lab.imageId(`app:ctx-${second}`)).toBe("");
    lab.publication({ VERSION_TAG: "base-2.0.0", VERSION: "2.0.0" });
    await lab.ok("publish");
    const after = lab.tags();
    expect(after).toMatchObject({ ...before, "base-latest": after["base-2.0.0"] });
    lab.publication({});
    expect(await lab.run(["publish"])).toEqual({
      code: 65,
      stdout: "",
      stderr: refused(after["base-2.0.0"] ?? ""),
    });
    expect(lab.tags()).toEqual(after);
  });

  test("the way back to old content moves a tag and pushes nothing", async () => {
    lab.version("1");
    const out = await lab.ok("publish");
    expect(out).toMatch(/^app: tags moved, .*\n {2}base-latest is on it now\n$/);
    expect(manifests()).toEqual(["base-latest"]);
    expect(written().filter((line) => line.includes("/blobs/"))).toEqual([]);
  });

  test("a wrong password, and none", async () => {
    expect(await lab.run(["publish"], { GITHUB_TOKEN: "wr0ng-password" })).toEqual({
      code: 1,
      stdout: "",
      stderr:
        `image: ${lab.proxy.address} refuses ci, at the login: logging into "${lab.proxy.address}": invalid username/password\n` +
        "  the token (GITHUB_TOKEN, or --token-file) must be valid and may write packages: scopes write:packages and read:packages\n" +
        "  a package that was first pushed by hand must give the repository write access in its settings\n",
    });
    expect(await lab.run(["publish"], { GITHUB_TOKEN: "" })).toEqual({
      code: 2,
      stdout: "",
      stderr:
        `image: there is no token for ${lab.proxy.address}\n` +
        "  put it into the environment as GITHUB_TOKEN, or name a file: --token-file FILE\n",
    });
    expect(written()).toEqual([]);
  });

  test("the token is in no command line, no log and no file; a file will do as well", async () => {
    const { password, user } = lab.registry;
    const encoded = Buffer.from(`${user}:${password}`).toString("base64");
    lab.lab.host.output("rm -f look.json");
    const seen = join(lab.lab.host.scratch, "seen");
    const ps = spawn("bash", ["-c", `while :; do ps -ww -eo args; done >${seen}`], { detached: true, stdio: "ignore" });
    lab.version("secret");
    lab.publication({ VERSION_TAG: "base-3.0.0", VERSION: "3.0.0" });
    try {
      const published = await lab.run(["publish"]);
      expect(published.code).toBe(0);
      expect(published.stdout + published.stderr).not.toContain(password);
    } finally {
      if (ps.pid !== undefined) process.kill(-ps.pid);
    }
    const lines = readFileSync(seen, "utf8");
    expect(lines).toContain("registry-host publish"); // it looked while it ran
    expect([lines.includes(password), lines.includes(encoded)]).toEqual([false, false]);
    const left = (where: string) => `grep -rlaF -e ${password} -e ${encoded} ${where} 2>/dev/null || true`;
    expect(lab.lab.host.output(left('~ "$XDG_RUNTIME_DIR" /dev/shm'))).toBe("");
    expect(lab.lab.host.output('ls "$XDG_RUNTIME_DIR" | grep gantry-registry || true')).toBe("");
    expect(execFileSync("bash", ["-c", left(lab.lab.project)], { encoding: "utf8" })).toBe("");
    const file = join(lab.lab.host.scratch, "token");
    writeFileSync(file, `${password}\r\n`);
    expect(await lab.run(["publish", "--token-file", file], { GITHUB_TOKEN: "" })).toMatchObject({ code: 0 });
  });

  test.each([
    ["the content", /^PUT .*\/manifests\/base-[0-9a-f]{16}$/, [], "at the push of base-HASH", "nothing"],
    [
      "the version",
      /^PUT .*\/manifests\/base-4\.0\.0$/,
      ["base-HASH"],
      "at the move of base-4.0.0",
      "pushed base-HASH",
    ],
    [
      "what moves",
      /^PUT .*\/manifests\/base-latest$/,
      ["base-HASH", "base-4.0.0"],
      "at the move of base-latest",
      "pushed base-HASH, moved base-4.0.0",
    ],
  ])(
    "a registry that dies at %s leaves nothing half moved, and the same command goes on",
    async (what, dies, left, at, did) => {
      lab.version(`dies at ${what}`);
      lab.publication({ VERSION_TAG: "base-4.0.0", VERSION: "4.0.0", NAME: `acme/${what.replace(" ", "-")}` });
      lab.proxy.dieAt(dies);
      const { code, stderr } = await lab.run(["publish", "--quiet"]);
      const hash = lab.hash();
      const named = (text: string) => text.replaceAll("HASH", hash);
      expect([code, stderr]).toEqual([
        69,
        expect.stringMatching(
          new RegExp(
            `^image: ${lab.proxy.address} cannot be reached, ${named(at)}: .*\\n` +
              `  ${named(did)} before that, and no other tag changed\\n  run the same again when it answers\\n$`,
          ),
        ),
      ]);
      lab.proxy.dieAt(undefined);
      const tags = lab.tags(`acme/${what.replace(" ", "-")}`);
      expect(Object.keys(tags).sort()).toEqual(left.map(named).sort());
      await lab.ok("publish", "--quiet");
      const after = lab.tags(`acme/${what.replace(" ", "-")}`);
      expect(Object.keys(after).sort()).toEqual([`base-${hash}`, "base-4.0.0", "base-latest"].sort());
      expect(new Set(Object.values(after)).size).toBe(1);
      if (left.length > 0) expect(after[`base-${hash}`]).toBe(tags[`base-${hash}`]);
    },
  );

  test("no registry at all: 69 and what to do", async () => {
    lab.publication({ REGISTRY: "127.0.0.1:1" });
    expect(await lab.run(["publish"])).toEqual({
      code: 69,
      stdout: "",
      stderr: expect.stringMatching(
        /^image: 127\.0\.0\.1:1 cannot be reached, at the look at base-[0-9a-f]{16}: .*connection refused\n {2}nothing before that, and no other tag changed\n {2}run the same again when it answers\n$/,
      ) as string,
    });
  });

  test("a health check stays, and two who push the same content push the same image", async () => {
    lab.version("healthy");
    lab.lab.write("app/Containerfile", 'FROM localhost/shell:1\nCOPY f /f\nHEALTHCHECK CMD ["/f"]\n');
    lab.lab.configure({}, { app: { TAG: "base-latest", FORMAT: "docker" } });
    lab.publication({ VERSION_TAG: "", NAME: "acme/healthy" });
    await lab.ok("publish", "--quiet");
    const config = lab.skopeo(
      "skopeo inspect --config --raw --tls-verify=false docker://${REPO%/*/*}/acme/healthy:base-latest",
    );
    expect(JSON.parse(config)).toMatchObject({ config: { Healthcheck: { Test: ["CMD", "/f"] } } });
    lab.lab.configure({});
    lab.version("both");
    const digests = [];
    for (const name of ["acme/one", "acme/two"]) {
      lab.publication({ VERSION_TAG: "", NAME: name });
      await lab.ok("publish", "--quiet");
      digests.push(lab.tags(name)["base-latest"]);
    }
    expect(digests[0]).toBe(digests[1]);
  });

  test("two at the same time both succeed, and every tag is on one image", async () => {
    lab.version("race");
    lab.publication({ NAME: "acme/race" });
    const both = await Promise.all([lab.run(["publish"]), lab.run(["publish"])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const tags = lab.tags("acme/race");
    expect(Object.keys(tags).sort()).toEqual(["base-1.0.0", `base-${lab.hash()}`, "base-latest"].sort());
    expect(new Set(Object.values(tags)).size).toBe(1);
    expect(lab.lab.host.output('ls "$XDG_RUNTIME_DIR" | grep gantry-registry || true')).toBe("");
  });

  test("the content hash is known without the builder", () => {
    const hash = lab.hash();
    lab.lab.configure({ HOST_PORT: 1 });
    const { code, stdout, stderr } = lab.lab.run("status", "--here", "--json", "app");
    const table = lab.lab.ok("status", "--here", "app");
    lab.lab.configure({});
    expect([code, stderr, JSON.parse(stdout)]).toEqual([
      0,
      "",
      { builder: "builder", images: [{ image: "app", tag: "localhost/app:base-latest", hash }] },
    ]);
    expect(table).toMatch(new RegExp(`^app +base-latest +${hash}\\n$`));
  });

  test("--dry-run says what would be done and writes nothing", async () => {
    lab.version("dry");
    lab.publication({ VERSION_TAG: "base-5.0.0", VERSION: "5.0.0" });
    const before = lab.tags();
    const hash = lab.hash();
    expect(await lab.run(["publish", "--dry-run"])).toEqual({
      code: 0,
      stdout:
        `would run: build app (content ${hash}) and push it to ${lab.proxy.address}/acme/tool:base-${hash}\n` +
        `would run: put ${lab.proxy.address}/acme/tool:base-5.0.0 on it\n` +
        `would run: put ${lab.proxy.address}/acme/tool:base-latest on it, from ${before["base-latest"] ?? ""}\n`,
      stderr: "",
    });
    expect(JSON.parse(await lab.ok("publish", "--dry-run", "--json"))).toMatchObject({
      outcome: "dry run",
      tag: `base-${hash}`,
      would: [expect.stringMatching(/^build /), expect.stringMatching(/^put /), expect.stringMatching(/^put /)],
    });
    expect([written(), lab.lab.imageId(`app:ctx-${hash}`)]).toEqual([[], ""]);
  });

  test("promote puts a moving tag on another image, and never a version", async () => {
    const tags = lab.tags();
    const repository = `${lab.proxy.address}/acme/tool`;
    const digest = tags["base-1.0.0"] ?? "";
    expect(tags["base-latest"]).not.toBe(digest);
    expect(await lab.ok("promote", "app", "base-1.0.0", "base-latest", "--dry-run")).toBe(
      `would run: put ${repository}:base-latest on ${digest}, from ${tags["base-latest"] ?? ""}\n`,
    );
    expect(lab.tags()).toEqual(tags);
    expect(await lab.ok("promote", "app", "base-1.0.0", "base-latest")).toBe(
      `app: moved, ${repository}:base-latest is ${digest}\n`,
    );
    expect(lab.tags()).toEqual({ ...tags, "base-latest": digest });
    expect(await lab.ok("promote", "app", digest, "base-latest")).toBe(
      `app: up to date, ${repository}:base-latest is ${digest}\n`,
    );
    expect(await lab.run(["promote", "app", "base-latest", "base-1.0.0"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "image: promote: base-1.0.0 is no moving tag of app\n" +
        "  its moving tags: base-latest; a version or content tag never moves\n",
    });
    expect((await lab.run(["promote", "app", "base-nope", "base-latest"])).code).toBe(65);
  });
});
