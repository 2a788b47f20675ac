// An image for several platforms: each pushed by a builder of its own, put together as an index, with the right architectures.
import { RegistryLab, registryLabTools } from "../support/registry-lab";
import { withTools } from "../support/tools";

// This machine's architecture, and one that it is not.
const [here, other] = process.arch === "arm64" ? ["arm64", "amd64"] : ["amd64", "arm64"];

interface Index {
  readonly mediaType: string;
  readonly manifests: readonly { readonly digest: string; readonly platform: object }[];
  readonly annotations: Readonly<Record<string, string>>;
}

withTools(registryLabTools, () => {
  let lab: RegistryLab;
  let repository: string;
  let hash: string;
  beforeAll(async () => {
    lab = await RegistryLab.start();
    lab.publication({ PLATFORMS: `linux/${here} linux/${other}` });
    repository = `${lab.proxy.address}/acme/tool`;
    hash = lab.hash();
  });
  afterAll(() => lab.stop());
  beforeEach(() => {
    lab.proxy.forget();
  });

  /** What a builder of another platform would push. In a store of its own: podman 4.3 mixes architectures up in one. */
  const pushAs = (tag: string, platform: string, context: string) => {
    lab.skopeo(`
      mkdir -p other && printf 'FROM scratch\\nCOPY f /f\\n' >other/Containerfile && echo ${platform} >other/f
      podman="podman --root $HOME/other-store --runroot $HOME/other-run"
      $podman build -q --no-cache --platform ${platform} --label io.gantry.context=${context} -t localhost/other:1 other >/dev/null
      $podman push -q --authfile look.json --tls-verify=false localhost/other:1 $REPO:${tag}
    `);
  };

  test("one builder alone pushes its own image, and says what is missing", async () => {
    expect(await lab.run(["publish", "--quiet"])).toEqual({
      code: 1,
      stdout: "",
      stderr:
        `image: publish is not complete: no image for linux/${other} (base-${hash}-${other})\n` +
        "  publish it from a builder of that platform: image publish --partial app\n" +
        "  then, from anywhere: image publish --assemble app\n",
    });
    expect(Object.keys(lab.tags())).toEqual([`base-${hash}-${here}`]);
    lab.proxy.forget();
    expect(await lab.ok("publish", "--partial", "--platform", `linux/${here}`)).toMatch(/^app: up to date, /);
    expect(lab.proxy.requests.filter((line) => line.startsWith("P"))).toEqual([]);
    expect(await lab.run(["publish", "--partial", `--platform=linux/${other}`])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        `image: publish: this builder is linux/${here}, not linux/${other}\n` +
        "  images are built natively: run this on a builder of that platform\n",
    });
  });

  test("an image of another architecture, or of another content, is not taken", async () => {
    pushAs(`base-${hash}-${other}`, `linux/${here}`, hash);
    expect(await lab.run(["publish", "--assemble"])).toMatchObject({
      code: 65,
      stderr: expect.stringContaining(
        `the image base-${hash}-${other}, which must be for linux/${other}: it is for linux/${here}\n`,
      ) as string,
    });
    pushAs(`base-${hash}-${other}`, `linux/${other}`, "0123456789abcdef");
    expect(await lab.run(["publish", "--assemble"])).toMatchObject({
      code: 65,
      stderr: expect.stringContaining(
        `the image base-${hash}-${other}, which must be of the content ${hash}: it is of 0123456789abcdef\n`,
      ) as string,
    });
    expect(Object.keys(lab.tags()).sort()).toEqual([`base-${hash}-amd64`, `base-${hash}-arm64`]);
  });

  test("put together, it is an index of both under every tag; again it is up to date", async () => {
    pushAs(`base-${hash}-${other}`, `linux/${other}`, hash);
    const parts = lab.tags();
    lab.proxy.forget();
    await lab.ok("publish", "--assemble");
    const tags = lab.tags();
    const digest = tags[`base-${hash}`];
    expect(tags).toEqual({ ...parts, [`base-${hash}`]: digest, "base-1.0.0": digest, "base-latest": digest });
    const index = JSON.parse(lab.skopeo("skopeo inspect --raw --tls-verify=false docker://$REPO:base-latest")) as Index;
    expect(index.mediaType).toBe("application/vnd.oci.image.index.v1+json");
    expect(index.manifests.map((each) => [each.digest, each.platform])).toEqual([
      [parts[`base-${hash}-${here}`], { architecture: here, os: "linux" }],
      [parts[`base-${hash}-${other}`], { architecture: other, os: "linux" }],
    ]);
    expect(index.annotations).toMatchObject({
      "io.gantry.context": hash,
      "org.opencontainers.image.title": `it's "the" $tool`,
      "org.opencontainers.image.version": "1.0.0",
    });
    // Each architecture's configuration says the same as the index.
    for (const { digest: child, platform } of index.manifests) {
      const config = lab.skopeo(`skopeo inspect --config --raw --tls-verify=false docker://$REPO@${child}`);
      expect(JSON.parse(config)).toMatchObject(platform);
    }
    // Layers were there: only manifests were written.
    expect(lab.proxy.requests.filter((line) => /^(POST|PATCH) /.test(line))).toEqual([]);
    lab.proxy.forget();
    expect(await lab.ok("publish")).toBe(`app: up to date, ${repository}:base-${hash} is ${digest ?? ""}\n`);
    expect(lab.proxy.requests.filter((line) => line.startsWith("P"))).toEqual([]);
  });

  test("an engine finds this machine's image in it", () => {
    lab.skopeo("podman pull -q --authfile look.json --tls-verify=false $REPO:base-1.0.0 >/dev/null");
    const { address } = lab.registry;
    const format = "{{.Architecture}}";
    expect(lab.lab.host.output(`podman image inspect --format '${format}' ${address}/acme/tool:base-1.0.0`)).toBe(
      `${here}\n`,
    );
  });

  test("one platform wants neither --partial nor --assemble", async () => {
    lab.version("one");
    lab.publication({ VERSION_TAG: "base-2.0.0", VERSION: "2.0.0" });
    expect(await lab.run(["publish", "--assemble"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "image: publish: publish is for one platform; --partial and --assemble are for several\n  list the platforms in the stack\n",
    });
  });
});
