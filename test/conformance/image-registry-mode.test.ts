// Where builds and cycles meet a registry: a base that is published is pulled instead of built, and a deployment may be of
// what is published.
import { ModesLab, modesTools } from "../support/modes-lab";
import { withTools } from "../support/tools";

withTools([...modesTools, "skopeo", "docker-registry", "htpasswd"], () => {
  let lab: ModesLab;
  beforeAll(async () => {
    lab = await ModesLab.start(
      { deploy: 'echo "$CONFIG_MODE $IMAGE_REF" >>deploy.log', verifyCommand: ["/bin/cat", "/src/main"] },
      { registry: true },
    );
  });
  afterAll(() => lab.stop());

  const registry = () => {
    const { registry: found } = lab.host;
    if (found === undefined) throw new Error("no registry");
    return found;
  };
  const image = (args: readonly string[], token = registry().password) =>
    lab.exec(`${lab.root}/bin/image`, args, { env: { GITHUB_TOKEN: token } });
  const forget = () => {
    lab.host.output(
      "podman rmi -f $(podman image ls -q --filter label=io.gantry.project=lab) >/dev/null; rm -rf ~/development ~/.gantry/builds; rm -f ~/podman.log",
    );
  };
  const built = () => lab.host.output("grep -c '^build ' ~/podman.log || true").trim();

  test("a base that is published with this content is taken, not built", () => {
    lab.ok("build", "--base");
    expect(image(["publish", "sindri-base"])).toMatchObject({ code: 0 });
    forget();
    const { code, stdout, stderr } = image(["build"]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining(`sindri-base: taken from ${registry().address}/acme/sindri@sha256:`),
    ]);
    expect(built()).toBe("1");
    expect(stdout).toMatch(
      /^sindri-base: (up to date|tag moved), sindri:base-latest is base-\w+\nsindri: built, sindri:latest is ctx-\w+\n$/,
    );
    expect(Object.keys(lab.images())).toEqual(
      expect.arrayContaining(["sindri:base-3.0.0", "sindri:base-latest", "sindri:latest"]),
    );
  });

  test("without a token it is built: what cannot be asked is no reason to stop", () => {
    forget();
    const { code, stderr } = image(["build", "--base"], "wrong");
    expect([code, built()]).toEqual([0, "1"]);
    expect(stderr).toContain("sindri-base: not taken from");
    expect(stderr).not.toContain("wrong");
  });

  test("imageConfig.registry: what is published is pulled, verified and deployed by digest; latest does not move", () => {
    lab.ok("build");
    expect(image(["publish", "sindri"])).toMatchObject({ code: 0 });
    const before = lab.images()["sindri:latest"];
    lab.write(
      "registry.yaml",
      `workspace:\n  name: reg\ndeployment:\n  imageConfig:\n    registry: ${registry().address}/acme/sindri\n`,
    );
    lab.host.output(
      `printf %s ${registry().password} | podman login -u ${registry().user} --password-stdin ${registry().address} >/dev/null`,
    );
    lab.write("v3/src/main", "not published\n");
    expect(lab.ok("cycle", "fast", "--config", "registry.yaml")).toMatch(/^reg: deployed, /);
    const [mode, ref = ""] = lab.read("deploy.log").trim().split("\n").at(-1)?.split(" ") ?? [];
    expect([mode, ref]).toEqual([
      "registry",
      expect.stringMatching(/^127\.0\.0\.1:\d+\/acme\/sindri@sha256:[0-9a-f]{64}$/),
    ]);
    expect(lab.host.output(`podman run --rm --network=none ${ref} /bin/cat /src/main`)).toBe("1\n");
    expect(lab.images()["sindri:latest"]).toBe(before);
  });

  test.each([
    [
      "the newest version of a range",
      "  image_config:\n    registry: HERE\n    version: ^1.0.0\n    pull_policy: Always\n",
      "v1.2.0",
    ],
    ["one tag", "  imageConfig:\n    registry: HERE\n    tagOverride: 2.0.0\n", "2.0.0"],
    ["a version that is in no range", "  imageConfig:\n    registry: HERE\n    version: =1.3.0-rc.1\n", "1.3.0-rc.1"],
    ["an image with its registry", "  image: HERE:1.0.0\n", "1.0.0"],
  ])("%s is deployed by its digest", (_, source, tag) => {
    const repository = `${registry().address}/acme/tool`;
    for (const each of ["1.0.0", "v1.2.0", "2.0.0", "1.3.0-rc.1"]) {
      lab.host.output(`printf 'FROM localhost/shell:1\nCOPY main /src/main\n' >shell/f; echo ${each} >shell/main
        podman build -q -f shell/f -t ${repository}:${each} shell >/dev/null && podman push -q ${repository}:${each}`);
    }
    lab.write("range.yaml", `name: range\ndeployment:\n${source.replace("HERE", repository)}`);
    const { code, stdout, stderr } = lab.run("cycle", "fast", "--config", "range.yaml");
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(/^range: deployed, 127\.0\.0\.1:\d+\/acme\/tool@sha256:[0-9a-f]{64}\n$/),
      expect.stringContaining("range.yaml names a published image: nothing is built from the sources here\n"),
    ]);
    const ref = lab.read("deploy.log").trim().split(" ").at(-1) ?? "";
    expect(lab.host.output(`podman run --rm --network=none ${ref} /bin/cat /src/main`)).toBe(`${tag}\n`);
  });

  test("an image that is in several repositories is deployed from the one that the file names", () => {
    lab.host.output(`printf 'FROM localhost/shell:1\nCOPY main /src/main\n' >shell/f; echo copied >shell/main
      podman build -q -f shell/f -t localhost/copied:1 shell >/dev/null`);
    for (const name of ["here", "there"]) {
      lab.host.output(`podman push -q localhost/copied:1 ${registry().address}/acme/${name}:1.0.0`);
    }
    for (const name of ["here", "there", "here"]) {
      lab.write("copied.yaml", `name: copied\ndeployment:\n  image: ${registry().address}/acme/${name}:1.0.0\n`);
      expect(lab.ok("cycle", "fast", "--config", "copied.yaml")).toMatch(
        new RegExp(`^copied: deployed, ${registry().address}/acme/${name}@sha256:[0-9a-f]{64}\n$`),
      );
    }
  });

  test("a range that nothing is in: 65, and nothing is deployed", () => {
    const before = lab.read("deploy.log");
    const repository = `${registry().address}/acme/tool`;
    lab.write(
      "range.yaml",
      `name: range\ndeployment:\n  imageConfig:\n    registry: ${repository}\n    version: ">=9"\n`,
    );
    const { code, stderr } = lab.run("cycle", "fast", "--config", "range.yaml");
    expect([code, stderr]).toEqual([
      65,
      expect.stringContaining(
        `image: ${repository} has no version in >=9\n  name a tag or a digest in ${lab.project}/range.yaml\n`,
      ),
    ]);
    expect(lab.read("deploy.log")).toBe(before);
  });

  test("a registry that has no such image: 69, and nothing is deployed", () => {
    const before = lab.read("deploy.log");
    lab.write(
      "none.yaml",
      `workspace:\n  name: none\ndeployment:\n  imageConfig:\n    registry: ${registry().address}/acme/none\n`,
    );
    const { code, stderr } = lab.run("cycle", "fast", "--config", "none.yaml");
    expect([code, stderr]).toEqual([
      69,
      expect.stringContaining(`${registry().address}/acme/none:latest cannot be pulled (see above)`),
    ]);
    expect(lab.read("deploy.log")).toBe(before);
  });

  test("hard keeps the published names of the base; nuke takes them, and what was pulled", () => {
    lab.host.output(`podman pull -q --tls-verify=false ${registry().address}/acme/sindri:base-latest >/dev/null`);
    lab.ok("clear", "hard", "--yes");
    const names = Object.keys(lab.images());
    expect(names.filter((name) => name.includes("/acme/sindri:"))).toEqual([
      `${registry().address}/acme/sindri:base-latest`,
    ]);
    expect(names).toContain("sindri:base-latest");
    lab.ok("clear", "nuke", "--yes");
    expect(Object.keys(lab.images()).filter((name) => name.includes("sindri"))).toEqual([]);
  });

  test("status says what is published", () => {
    lab.write("v3/src/main", "1\n");
    const { stdout } = image(["status", "--json"]);
    const { images } = JSON.parse(stdout) as { images: { image: string; published: string }[] };
    expect(images.map(({ image: name, published }) => [name, published])).toEqual([
      ["sindri-base", "published"],
      ["sindri", "published"],
    ]);
  });
});
