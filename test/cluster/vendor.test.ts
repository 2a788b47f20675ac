// `bin/cluster vendor`: what it downloads, what it refuses, and what is left when it is stopped.
import { once } from "node:events";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { archiveOf, sha256, tinyChart, treeOf, type ArchiveFiles } from "../support/charts";
import { withTools } from "../support/tools";
import { VendorLab } from "../support/vendor-lab";

const files = tinyChart();
const archive = archiveOf(files);
const tree = treeOf(files);
const other = tinyChart("2.0.0", "other");

withTools(["curl"], () => {
  let lab: VendorLab;
  let repo: string;
  beforeEach(async () => {
    lab = new VendorLab();
    repo = await lab.serve();
    lab.published.set("/tiny-1.0.0.tgz", archive);
  });
  afterEach(() => lab.stop());

  test("downloads what is not there, wherever the index says it is; then from the cache", async () => {
    const packed = archiveOf(other);
    lab.published.set("/files/other.tgz", packed);
    const entry = `entries:\n  more:\n  - name: more\n    version: 2.0.0\n    urls:\n    - no.tgz\n  other:\n  - annotations:\n      version: 9\n    digest: ${sha256(packed)}\n    name: other\n    urls:\n    - files/other.tgz\n    version: 2.0.0\n`;
    lab.published.set("/index.yaml", Buffer.from(`apiVersion: v1\n${entry}`));
    lab.pin({ repo, tree, sha256: sha256(archive) }, { name: "other", version: "2.0.0", repo, tree: treeOf(other) });
    expect((await lab.run("--check")).stderr).toBe(
      "cluster: the charts are not what the stack pins:\n  other 2.0.0 is not in tanka/vendor/other\n  tiny 1.0.0 is not in tanka/vendor/tiny\n  cluster vendor downloads them\n",
    );
    expect(await lab.run()).toEqual({ code: 0, stdout: "2 of 2 charts put into tanka/vendor\n", stderr: "" });
    expect([...lab.asked].sort()).toEqual(["/files/other.tgz", "/index.yaml", "/other-2.0.0.tgz", "/tiny-1.0.0.tgz"]);
    expect(lab.read("tanka/vendor/tiny/values.yaml")).toBe(files["tiny/values.yaml"]);
    expect((await lab.run()).stdout).toBe("2 charts up to date\n");
    rmSync(lab.vendor, { recursive: true });
    lab.asked.length = 0;
    expect((await lab.run("--offline")).stdout).toBe("2 of 2 charts put into tanka/vendor\n");
    expect([(await lab.run("--check")).stdout, lab.asked, lab.leftovers()]).toEqual(["2 charts as pinned\n", [], ""]);
  });

  test("a tree that was changed: which file, and nobody's work is overwritten", async () => {
    lab.pin({ repo, tree });
    await lab.run();
    lab.write("tanka/vendor/tiny/values.yaml", "replicas: 9\n");
    rmSync(join(lab.vendor, "tiny/templates/test.yaml"));
    lab.write("tanka/vendor/tiny/templates/more.yaml", "kind: Secret\n");
    symlinkSync("/etc/passwd", join(lab.vendor, "tiny/link"));
    const lines = [
      "  tiny 1.0.0: tanka/vendor/tiny/link is no file",
      "    tanka/vendor/tiny/templates/more.yaml is not in the chart",
      "    tanka/vendor/tiny/templates/test.yaml is missing",
      "    tanka/vendor/tiny/values.yaml was changed",
    ];
    expect(await lab.run()).toEqual({
      code: 65,
      stdout: "",
      stderr: `cluster: charts were changed, and are not overwritten:\n${lines.join("\n")}\n  cluster vendor --force puts them back; a change of a chart belongs into its values\n`,
    });
    const checked = await lab.run("--check", "--json");
    expect([checked.code, JSON.parse(checked.stdout)]).toMatchObject([
      65,
      { charts: [{ chart: "tiny", state: "changed" }] },
    ]);
    expect(lab.read("tanka/vendor/tiny/values.yaml")).toBe("replicas: 9\n");
    expect((await lab.run("--force")).code).toBe(0);
    expect((await lab.run("--check")).code).toBe(0);
  });

  test("another version takes the place of one that was not changed", async () => {
    lab.pin({ repo, tree });
    await lab.run();
    const next = tinyChart("1.1.0");
    lab.published.set("/tiny-1.1.0.tgz", archiveOf(next));
    lab.pin({ version: "1.1.0", repo, tree: treeOf(next) });
    expect((await lab.run()).code).toBe(0);
    expect(lab.read("tanka/vendor/tiny/Chart.yaml")).toContain("version: 1.1.0");
  });

  const changed = { ...files, "tiny/values.yaml": "replicas: 9\n" };
  test.each<[what: string, published: Buffer, pin: object, said: string]>([
    [
      "another archive",
      archiveOf(changed),
      { sha256: sha256(archive) },
      `the archive from REPO/tiny-1.0.0.tgz is not the one that the stack pins: its sha256 is ${sha256(archiveOf(changed))} instead of ${sha256(archive)}`,
    ],
    [
      "other content",
      archiveOf(changed),
      { tree },
      `what is in the archive from REPO/tiny-1.0.0.tgz is not what the stack pins: its tree is ${treeOf(changed)} instead of ${tree}`,
    ],
    [
      "half an archive",
      archive.subarray(0, 300),
      { tree },
      "the archive from REPO/tiny-1.0.0.tgz is damaged or no archive",
    ],
    [
      "a page",
      Buffer.from("<html>log in</html>"),
      { tree },
      "the archive from REPO/tiny-1.0.0.tgz is damaged or no archive",
    ],
    ...(
      [
        ["a way out", { "tiny/../../evil": "x" }, "has a file outside of tiny/: tiny/../../evil"],
        ["an absolute path", { "/tmp/evil": "x" }, "has a file outside of tiny/: /tmp/evil"],
        ["another folder", { "evil/Chart.yaml": "x" }, "has a file outside of tiny/: evil/Chart.yaml"],
      ] as const
    ).map(([what, more, said]): [string, Buffer, object, string] => [
      what,
      archiveOf({ ...files, ...(more as ArchiveFiles) }),
      { tree },
      `the archive from REPO/tiny-1.0.0.tgz ${said}`,
    ]),
  ])("refuses %s", async (_what, published, pin, said) => {
    lab.published.set("/tiny-1.0.0.tgz", published);
    lab.pin({ repo, ...pin });
    const { code, stderr } = await lab.run();
    expect([code, stderr.replaceAll(repo, "REPO")]).toEqual([
      65,
      `cluster: charts could not be vendored, nothing was changed:\n  tiny 1.0.0: ${said}\n`,
    ]);
    expect([lab.has("tanka/vendor/tiny"), lab.has("tanka/evil"), lab.has("cache"), lab.leftovers()]).toEqual([
      false,
      false,
      false,
      "",
    ]);
  });

  test("refuses a link, wherever it leads", async () => {
    lab.published.set("/tiny-1.0.0.tgz", archiveOf({ ...files, "tiny/link": { link: "values.yaml" } }));
    lab.pin({ repo, tree });
    const { code, stderr } = await lab.run();
    expect([code, stderr]).toEqual([65, expect.stringMatching(/has something that is no file: l.*tiny\/link/)]);
  });

  test("no network, and a download that ends too early, leave what is there", async () => {
    lab.pin({ repo, tree });
    await lab.run();
    rmSync(lab.cache, { recursive: true });
    const next = tinyChart("1.1.0");
    lab.pin({ version: "1.1.0", repo, tree: treeOf(next) });
    lab.published.set("/tiny-1.1.0.tgz", { cut: archiveOf(next).subarray(0, 200) });
    const cut = await lab.run();
    expect([cut.code, cut.stderr]).toEqual([69, expect.stringContaining("tiny 1.1.0: http://127.0.0.1:")]);
    lab.pin({ version: "1.1.0", repo: "http://127.0.0.1:1", tree: treeOf(next) });
    const refused = await lab.run();
    expect([refused.code, refused.stderr]).toEqual([
      69,
      expect.stringContaining("tiny 1.1.0: http://127.0.0.1:1/tiny-1.1.0.tgz: "),
    ]);
    expect((await lab.run("--offline")).stderr).toBe(
      "cluster: charts could not be vendored, nothing was changed:\n  tiny 1.1.0: not in the cache PROJECT/cache/gantry/charts, and --offline forbids to download it\n",
    );
    expect(lab.read("tanka/vendor/tiny/Chart.yaml")).toContain("version: 1.0.0");
  });

  test("killed in the middle, it leaves the old tree, and the next run is not in its way", async () => {
    lab.pin({ repo, tree });
    await lab.run();
    const next = tinyChart("1.1.0");
    lab.pin({ version: "1.1.0", repo, tree: treeOf(next) });
    lab.published.set("/tiny-1.1.0.tgz", { hang: archiveOf(next).subarray(0, 200) });
    const child = lab.start([]);
    while (!lab.asked.includes("/tiny-1.1.0.tgz")) await new Promise((again) => setTimeout(again, 10));
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(lab.read("tanka/vendor/tiny/Chart.yaml")).toContain("version: 1.0.0");
    lab.published.set("/tiny-1.1.0.tgz", archiveOf(next));
    expect((await lab.run()).code).toBe(0);
    expect([lab.read("tanka/vendor/tiny/Chart.yaml").includes("version: 1.1.0"), lab.leftovers()]).toEqual([true, ""]);
  });

  test("killed between two renames, the next run finds the old tree", async () => {
    lab.pin({ repo, tree });
    lab.write("tanka/vendor/.stage.1/old/tiny/Chart.yaml", "old\n");
    lab.published.clear();
    expect((await lab.run()).code).toBe(69);
    expect([lab.read("tanka/vendor/tiny/Chart.yaml"), lab.leftovers()]).toEqual(["old\n", ""]);
  });

  test("two at once do the work once", async () => {
    lab.pin({ repo, tree });
    const ran = await Promise.all([lab.run(), lab.run()]);
    expect(ran.map(({ code }) => code)).toEqual([0, 0]);
    expect([lab.asked, (await lab.run("--check")).stdout]).toEqual([["/tiny-1.0.0.tgz"], "1 chart as pinned\n"]);
  });

  test("from an OCI registry, by helm", async () => {
    lab.write("published/tiny-1.0.0.tgz", archive);
    lab.stub(
      "helm",
      `case "$*" in
        "pull oci://registry.example.org/charts/tiny --version 1.0.0 --destination "*) cp ${lab.project}/published/* "$6" ;;
        "show chart oci://registry.example.org/charts/tiny") printf 'name: tiny\nversion: 1.0.0\n' ;;
        *) echo "Error: not found: $*" >&2; exit 1 ;;
      esac`,
    );
    const oci = "oci://registry.example.org/charts/tiny";
    lab.pin({ oci, tree });
    expect((await lab.run()).stdout).toBe("1 of 1 chart put into tanka/vendor\n");
    expect((await lab.run("--update")).stdout).toBe("tiny 1.0.0 is the newest version\n");
    lab.pin({ version: "1.1.0", oci, tree: treeOf(tinyChart("1.1.0")) });
    const { code, stderr } = await lab.run();
    expect([code, stderr]).toEqual([69, expect.stringContaining("tiny 1.1.0: Error: not found: pull oci://")]);
  });

  test("from a mirror alone", async () => {
    lab.pin({ repo: "http://127.0.0.1:1", tree });
    lab.write("mirror/tiny-1.0.0.tgz", archive);
    expect((await lab.run("--mirror", join(lab.project, "mirror"))).code).toBe(0);
    rmSync(join(lab.project, "cache"), { recursive: true });
    rmSync(lab.vendor, { recursive: true });
    expect((await lab.run("--mirror", repo)).code).toBe(0);
  });

  test("--update prints what to put into the stack, and what changes", async () => {
    const next = tinyChart("1.10.0");
    next["tiny/values.yaml"] = String(next["tiny/values.yaml"])
      .replace("replicas: 1", "count: 1")
      .replace("3.1-r0", "3.2-r0");
    const index = ["1.9.0", "1.10.0", "2.0.0-rc1", "1.0.0"].map(
      (version) => `  - version: ${version}\n    urls: \n    - "${repo}/tiny-${version}.tgz"\n`,
    );
    lab.published.set("/index.yaml", Buffer.from(`apiVersion: v1\nentries:\n  tiny:\n${index.join("")}`));
    lab.published.set("/tiny-1.10.0.tgz", archiveOf(next));
    lab.pin({ repo });
    const unpinned = await lab.run();
    expect([unpinned.code, unpinned.stderr]).toEqual([
      65,
      "cluster: tiny 1.0.0 has neither sha256 nor tree in the stack\n  cluster vendor --update tiny prints them\n",
    ]);
    expect((await lab.run("--update")).stdout).toBe(
      `tiny 1.0.0\n  for the stack: "1.0.0", { sha256: "${sha256(archive)}", tree: "${tree}" }\n`,
    );
    lab.pin({ repo, tree });
    expect((await lab.run("--update")).stdout).toBe(
      [
        "tiny 1.0.0 -> 1.10.0",
        "  values that are gone:",
        "    replicas",
        "  values that are new:",
        "    count",
        "  images and versions:",
        "    image.tag: 3.1-r0 -> 3.2-r0",
        `  for the stack: "1.10.0", { sha256: "${sha256(archiveOf(next))}", tree: "${treeOf(next)}" }`,
        "",
      ].join("\n"),
    );
    expect(lab.has("tanka/vendor/tiny")).toBe(false);
  });
});
