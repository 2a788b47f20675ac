// The build cache in a registry, and bases that come from it: a builder that has nothing builds little.
import { RegistryLab, registryLabTools } from "../support/registry-lab";
import { withTools } from "../support/tools";

withTools(registryLabTools, () => {
  let lab: RegistryLab;
  beforeAll(async () => {
    lab = await RegistryLab.start();
    // Straight to the registry, which the host knows as plain http: builds have no other way to be told.
    const shared = { REGISTRY: lab.registry.address, VERSION_TAG: "", CACHE_NAME_REF: "acme/cache" };
    lab.image({ BASES: "base" }, { IMAGES: "base app", PUBLICATIONS: "publish publish-base" });
    lab.lab.files.write("image/images/base.env", "IMAGE='base'\nROLE='base'\nCONTEXT='base'\nCONTENT_PREFIX='base-'\n");
    lab.lab.configure({}, { base: { TAG: "latest" }, app: { TAG: "base-latest", BASES: "base" } });
    lab.publication({ ...shared, MOVING_TAGS: "latest", CONTENT_PREFIX: "ctx-" });
    lab.publication({ ...shared, IMAGE: "base", NAME: "acme/base", MOVING_TAGS: "base-latest" }, "publish-base");
    lab.lab.write("base/Containerfile", "FROM localhost/shell:1\nRUN echo base >/base\n");
    write("1");
  });
  afterAll(() => lab.stop());

  function write(text: string): void {
    lab.lab.write("app/Containerfile", "FROM localhost/base:latest\nRUN echo slow >/slow\nCOPY f /f\n");
    lab.lab.write("app/f", `${text}\n`);
  }
  const repositories = () =>
    lab.skopeo("skopeo list-tags --tls-verify=false docker://${REPO%/*/*}/acme/cache 2>/dev/null || echo none");
  /** As a new builder: no image of ours, no layer. */
  const forget = () =>
    lab.lab.host.output(
      "podman images -q --filter label=io.gantry.project | sort -u | xargs -r podman rmi -f >/dev/null 2>&1; podman image prune -f >/dev/null; rm -rf ~/.gantry/builds",
    );

  test("it is not written unless that is asked for", async () => {
    await lab.ok("publish", "base", "--quiet");
    await lab.ok("publish", "app", "--quiet");
    expect(repositories()).toBe("none\n");
  });

  test("--write-cache fills it; a builder that has nothing takes its layers and the published base from there", async () => {
    write("2");
    forget();
    const { code, stderr } = await lab.run(["publish", "--write-cache", "app"]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^base: taken from .*acme\/base@sha256:[0-9a-f]{64} instead of building it\n/),
    ]);
    expect(stderr).toMatch(/ steps {4}0 cached, 2 rebuilt\n$/);
    expect(repositories()).toContain('"Tags"');
    write("3");
    forget();
    const again = await lab.run(["publish", "app"]);
    expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/ steps {4}1 cached, 1 rebuilt\n$/)]);
    write("4");
    forget();
    const without = await lab.run(["publish", "--no-cache-from", "app"]);
    expect([without.code, without.stderr]).toEqual([0, expect.stringMatching(/ steps {4}0 cached, 2 rebuilt\n$/)]);
  });

  test("the token is left nowhere on the builder", () => {
    const { password, user } = lab.registry;
    const encoded = Buffer.from(`${user}:${password}`).toString("base64");
    lab.lab.host.output("rm -f look.json");
    expect(
      lab.lab.host.output(`grep -rlaF -e ${password} -e ${encoded} ~ "$XDG_RUNTIME_DIR" /dev/shm 2>/dev/null || true`),
    ).toBe("");
    expect(lab.lab.host.output("grep -c cache-from ~/podman.log")).not.toBe("0\n");
  });

  test("gc: layers of the cache that are old go, once for all images that share it; tags of others stay", async () => {
    const tags = () => Object.keys(lab.tags("acme/cache")).sort();
    lab.skopeo(
      "skopeo copy -q --src-tls-verify=false --dest-tls-verify=false docker://$REPO:latest docker://${REPO%/*/*}/acme/cache:mine",
    );
    const before = tags();
    const layers = before.filter((tag) => /^[0-9a-f]{64}$/.test(tag));
    expect([layers.length, before]).toEqual([before.length - 1, expect.arrayContaining(["mine"])]);
    expect(layers.length).toBeGreaterThan(1);
    const gc = (...words: string[]) => lab.ok("gc", "--keep", "9", ...words);
    expect(await gc()).toBe(
      "app: nothing to remove\napp, the build cache: nothing to remove\nbase: nothing to remove\n",
    );
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const listed = await gc("--cache-older-than", "1s");
    expect((listed.match(/\b(?<!:)[0-9a-f]{64}\b/g) ?? []).sort()).toEqual(layers);
    expect(tags()).toEqual(before);
    const json = JSON.parse((await gc("--cache-older-than=1s", "--json")).split("\n")[1] ?? "") as object;
    expect(json).toMatchObject({ image: "app", repository: `${lab.registry.address}/acme/cache`, outcome: "dry run" });
    expect(await gc("--cache-older-than", "1s", "--yes")).toContain("app, the build cache: removed\n");
    expect(tags()).toEqual(["mine"]);
    write("6");
    forget();
    const { code, stderr } = await lab.run(["publish", "--write-cache", "app"]);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/ steps {4}0 cached, 2 rebuilt\n$/)]);
    expect(tags().length).toBeGreaterThan(1);
    expect(await lab.run(["gc", "--cache-older-than", "soon"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "image: gc: --cache-older-than wants an age such as 30d or 12h, not soon\n",
    });
  });

  test("a publication without a cache has none to write", async () => {
    lab.publication({ VERSION_TAG: "" });
    write("5");
    expect(await lab.run(["publish", "--write-cache", "app"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "image: publish: publish has no cache to write\n  give it a repository for it in the stack (cache)\n",
    });
  });
});
