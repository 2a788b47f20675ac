// A release from the checklist to `latest`: refused as a whole, failing at each step, going on after that.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RegistryLab, registryLabTools } from "../support/registry-lab";
import { withTools } from "../support/tools";

const PUBLICATION = {
  CONTENT_PREFIX: "ctx-",
  VERSION_TAG: "",
  VERSION: "",
  MOVING_TAGS: "latest",
  VERSION_FILE: "Cargo.toml",
  CHANGELOG: "CHANGELOG.md",
  RUN_1: "/f",
};

withTools(registryLabTools, () => {
  let lab: RegistryLab;
  let repository: string;
  let log: string;
  let failing: string;
  beforeAll(async () => {
    lab = await RegistryLab.start();
    repository = `${lab.proxy.address}/acme/tool`;
    log = join(lab.lab.host.scratch, "gh.log");
    failing = join(lab.lab.host.scratch, "gh-fails");
    lab.lab.files.write("image/images/base.env", "IMAGE='base'\nROLE='base'\nCONTEXT='base'\nCONTENT_PREFIX='base-'\n");
    lab.lab.configure({}, { base: { TAG: "base-latest" }, app: { TAG: "latest", BASES: "base" } });
    lab.image(
      { ROLE: "production", CONTENT_PREFIX: "ctx-", MOVING_TAG: "latest", BASES: "base" },
      { IMAGES: "base app", PUBLICATIONS: "publish publish-base" },
    );
    lab.publication(PUBLICATION);
    lab.publication({ IMAGE: "base", NAME: "acme/base", RUN_COUNT: 0 }, "publish-base");
    lab.lab.write("base/Containerfile", "FROM localhost/shell:1\nCOPY b /b\n");
    lab.lab.write("base/b", "1\n");
    prepare("1.1.0");
    // Releases and runs of the made-up GitHub are files beside the log.
    lab.lab.files.stub(
      "gh",
      `printf '<%s>' "$@" >>${log}; echo >>${log}
       if [ -e ${failing} ]; then echo "HTTP 403: no right to it" >&2; exit 1; fi
       case "$1 $2" in
         "run list") cat ${log}.runs ;;
         "release view") test -e ${log}.$3 ;;
         "release create") [ "$8" = --target ] && cp "$7" ${log}.notes && touch ${log}.$3 && env >${log}.env ;;
       esac`,
    );
    runs("completed success build\n");
    lab.lab.host.output(
      `sed -i '2i if [ "$1" = build ] && [ -e ~/fail ]; then echo broken >\\&2; exit 1; fi' bin/podman`,
    );
  });
  afterAll(() => lab.stop());
  beforeEach(() => {
    lab.proxy.forget();
    rmSync(log, { force: true });
  });

  function prepare(version: string): void {
    lab.version(version);
    lab.lab.write("app/Containerfile", 'FROM localhost/base:base-latest\nCOPY f /f\nENTRYPOINT ["/bin/cat"]\n');
    lab.lab.write("Cargo.toml", `[package]\nname = "tool"\nversion = "${version}"\n`);
    const entries = [version, "1.0.0"].map((each) => `## [${each}] - a title\n\n- what is new in ${each}\n`);
    lab.lab.write("CHANGELOG.md", `# Changelog\n\n## Unreleased\n\n${entries.join("\n")}`);
    lab.lab.git("add", "-A");
    lab.lab.git("commit", "-qm", version);
  }
  const runs = (text: string) => {
    writeFileSync(`${log}.runs`, text);
  };
  const calls = () => (existsSync(log) ? readFileSync(log, "utf8") : "");
  const written = () => lab.proxy.requests.filter((line) => !/^(GET|HEAD) /.test(line));

  test("the checklist, all of it at once, before anything is done", async () => {
    lab.lab.write("app/new", "not committed\n");
    runs("completed failure build\nin_progress - test\n");
    const commit = lab.lab.git("rev-parse", "--short=12", "HEAD").trim();
    expect(await lab.run(["release", "1.2.0"])).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "image: 1.2.0 is not ready to be released\n" +
        "  Cargo.toml has the version 1.1.0: put 1.2.0 there\n" +
        "  CHANGELOG.md has no entry for 1.2.0: a heading with it and some text below\n" +
        "  the git tree is not clean: ?? app/new\n" +
        `  CI of the commit ${commit} has not succeeded: build: failure, test: in_progress\n` +
        "  the base base is not published in its present form: image publish base\n",
    });
    // More to tell than anybody reads.
    lab.publication({ ...PUBLICATION, VERSION_FILE: "lock.json" });
    lab.lab.write("lock.json", `{\n${'  "version": "1.1.0",\n'.repeat(10000)}}\n`);
    for (let i = 0; i < 400; i++) lab.lab.write(`${"long".repeat(50)}${String(i)}/f`, "");
    const { code, stderr: many } = await lab.run(["release", "1.2.0"]);
    expect([code, many]).toEqual([
      1,
      expect.stringMatching(
        /^image: 1\.2\.0 is not ready .*\n {2}lock\.json has the version 1\.1\.0: put 1\.2\.0 there\n/,
      ),
    ]);
    lab.lab.git("clean", "-qfd");
    lab.publication(PUBLICATION);
    runs("");
    const { stderr } = await lab.run(["release", "1.1.0"]);
    expect(stderr).toContain(`  CI has not run for the commit ${commit}: push it, or --skip-ci\n`);
    expect([written(), lab.tags()]).toEqual([[], {}]);
    runs("completed success build\ncompleted skipped docs\n");
    expect(await lab.run(["release", "next"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "image: release: wants a version such as 3.1.0, not 'next'\n  see: image help release\n",
    });
    await lab.ok("publish", "base", "--quiet");
  });

  test("--dry-run says every step and does none", async () => {
    const hash = lab.hash();
    const commit = lab.lab.git("rev-parse", "HEAD").trim();
    lab.proxy.forget();
    expect(await lab.run(["release", "1.1.0", "--dry-run"])).toEqual({
      code: 0,
      stdout:
        `would run: build app (content ${hash}) and push it to ${repository}:ctx-${hash}\n` +
        `would run: put ${repository}:1.1.0 on it\n` +
        `would run: pull ${repository}:1.1.0 by digest and check it\n` +
        `would run: gh release create v1.1.0 --title v1.1.0 --notes-file 'the entry of CHANGELOG.md' --target ${commit}\n` +
        `would run: put ${repository}:latest on it\n`,
      stderr: "",
    });
    expect([written(), lab.tags(), lab.lab.imageId("app:latest")]).toEqual([[], {}, ""]);
    expect(calls()).not.toContain("<create>");
  });

  test("a release; again, there is nothing to do", async () => {
    const { code, stdout } = await lab.run(["release", "1.1.0", "--quiet"]);
    const tags = lab.tags();
    const digest = tags["1.1.0"] ?? "";
    const hash = lab.hash();
    expect([code, tags]).toEqual([0, { [`ctx-${hash}`]: digest, "1.1.0": digest, latest: digest }]);
    expect(stdout).toBe(
      `app: published, ${repository}:ctx-${hash} is ${digest}\n  1.1.0 is on it now\n` +
        `app: verified, ${repository}:1.1.0 is ${digest}\n` +
        `app: released 1.1.0, ${repository}@${digest}, which latest is on now\n`,
    );
    expect(readFileSync(`${log}.notes`, "utf8")).toBe("- what is new in 1.1.0\n\n");
    expect(calls()).toContain("<release><create><v1.1.0><--title><v1.1.0><--notes-file>");
    expect(calls()).not.toContain(lab.registry.password);
    expect(readFileSync(`${log}.env`, "utf8")).toContain(`GH_TOKEN=${lab.registry.password}\n`);
    rmSync(log);
    lab.proxy.forget();
    const again = await lab.run(["release", "1.1.0"]);
    expect([again.code, again.stderr]).toEqual([0, "the release v1.1.0 is on GitHub already\n"]);
    expect([written(), lab.tags()]).toEqual([[], tags]);
    expect(calls()).not.toContain("<create>");
  });

  test.each([
    ["the build", 65],
    ["verification", 1],
    ["gh", 65],
    ["the registry", 69],
  ])("what fails at %s leaves latest where it is, and the same command goes on", async (what, exit) => {
    const version = { "the build": "1.3.0", verification: "1.4.0", gh: "1.5.0", "the registry": "1.6.0" }[what] ?? "";
    prepare(version);
    const before = lab.tags();
    if (what === "the build") lab.lab.host.output("touch ~/fail");
    if (what === "verification") lab.publication({ ...PUBLICATION, RUN_1: "/missing" });
    if (what === "gh") writeFileSync(failing, "");
    if (what === "the registry") lab.proxy.dieAt(/^PUT .*\/manifests\/latest$/);
    const { code, stderr } = await lab.run(["release", version, ...(what === "gh" ? ["--skip-ci"] : [])]);
    expect([code, lab.tags().latest]).toEqual([exit, before.latest]);
    if (what === "the build") expect(lab.tags()).toEqual(before);
    else expect(lab.tags()[version]).toBeDefined();
    if (what === "gh") {
      expect(stderr).toContain(
        `image: gh cannot create the release v${version}: HTTP 403: no right to it\n` +
          `  the image is published as ${version}, and the moving tags stay where they are\n` +
          "  run the same again when that is mended\n",
      );
    }
    if (what === "verification") {
      expect(stderr).toBe(
        `${stderr.slice(0, stderr.indexOf("image: "))}image: ${version} is published, and not as it should be\n  the moving tags stay where they are\n`,
      );
    }
    lab.lab.host.output("rm -f ~/fail");
    rmSync(failing, { force: true });
    lab.proxy.dieAt(undefined);
    lab.publication(PUBLICATION);
    await lab.ok("release", version, "--quiet");
    const tags = lab.tags();
    expect([tags.latest, tags.latest === before.latest]).toEqual([tags[version], false]);
    expect(existsSync(`${log}.v${version}`)).toBe(true);
  });

  test("a pre-release moves nothing; a version that is out with other content is refused", async () => {
    prepare("2.0.0-rc.1");
    const before = lab.tags();
    expect(await lab.ok("release", "2.0.0-rc.1", "--quiet")).toMatch(/\napp: released 2\.0\.0-rc\.1, [^,]*\n$/);
    expect(calls()).toContain("<--prerelease>");
    expect(lab.tags().latest).toBe(before.latest);
    prepare("1.1.0");
    lab.lab.write("app/f", "tool 1.1.0, another one\n");
    lab.lab.git("commit", "-qam", "again");
    expect(await lab.run(["release", "1.1.0", "--no-github-release"])).toMatchObject({
      code: 65,
      stderr: expect.stringMatching(/^image: 1\.1\.0 is published already, with other content\n/) as string,
    });
    expect(lab.tags()).toMatchObject(before);
  });
});
