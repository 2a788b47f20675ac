// prune after real builds: layers of failed ones, images that left the stack. What is listed is what goes.
import { Lab, labTools } from "../support/lab";
import { withTools } from "../support/tools";

interface Line {
  readonly kind: string;
  readonly key: string;
  readonly bytes: number;
  readonly what: string;
}

withTools(labTools, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ app: {}, old: {} });
  });
  afterAll(() => lab.stop());

  const FROM = "FROM localhost/shell:1\n";
  const BIG = "RUN dd if=/dev/zero of=/big bs=1048576 count=3\n";
  const ids = () => lab.host.output("podman image ls -aq --no-trunc | sort -u").trim().split("\n");
  const list = (...args: readonly string[]) =>
    JSON.parse(lab.ok("prune", ...args, "--dry-run", "--json") || "[]") as Line[];
  const ofKind = (lines: readonly Line[], kind: string) => lines.filter((line) => line.kind === kind);
  let clean: readonly string[];

  beforeEach(() => {
    lab.configure({});
    lab.host.output(
      "rm -rf development .gantry/builds .gantry/layers; podman image ls -aq | sort -u | xargs -r podman rmi -f >/dev/null 2>&1; podman build -q -t localhost/shell:1 shell >/dev/null",
    );
    clean = ids();
    lab.write("app/Containerfile", `${FROM}COPY f /f\nRUN cat /f >/g\n`);
    lab.write("app/f", "1\n");
  });

  test("layers of a failed build are listed with what they free, and go; the cache of the good one stays", () => {
    // Two stages: the first leaves an image without a name, which the next build takes from the cache.
    const stages = (last: string) =>
      lab.write("app/Containerfile", `${FROM.trim()} AS one\nRUN echo 1 >/1\n${FROM}COPY --from=one /1 /1\n${last}`);
    stages("RUN echo good >/2\n");
    lab.ok("build", "app");
    const good = ids();
    stages(`${BIG}RUN echo bad >/3\nRUN false\n`);
    expect(lab.run("build", "app").code).toBe(65);
    const failed = ids().filter((id) => !good.includes(id));
    expect(failed.length).toBeGreaterThanOrEqual(2);
    const listed = list();
    expect(listed.map(({ kind, what }) => `${kind} ${what}`)).toEqual([
      expect.stringMatching(/^layer layers of builds of app, [0-9a-f]{12}$/),
    ]);
    expect(failed).toContain(listed[0]?.key);
    expect(Math.round((listed[0]?.bytes ?? 0) / 1048576)).toBe(3);
    expect(lab.run("prune", "--yes").code).toBe(0);
    expect(ids()).toEqual(good);
    expect(list()).toEqual([]);
    stages("RUN echo good >/2\n");
    expect(lab.ok("build", "--force", "app")).toMatch(/steps {4}3 cached, 0 rebuilt/);
  });

  test("layers are found when the log is gone, and another project's stay", () => {
    lab.write("app/Containerfile", `${FROM}RUN echo shared >/s\nRUN echo mine >/m\nRUN false\n`);
    lab.host.output(
      `mkdir -p b && printf '${FROM.trim()}\\nRUN echo other >/o\\nRUN false\\n' >b/Containerfile; podman build -q --label io.gantry.project=other b >/dev/null 2>&1 || true`,
    );
    const before = ids();
    expect(lab.run("build", "app").code).toBe(65);
    expect(ids().length).toBe(before.length + 2);
    lab.configure({ PROJECT: "elsewhere" });
    expect(list("--all")).toEqual([]);
    lab.configure({});
    // As when the logs of twenty later builds have taken its place.
    lab.host.output(`bash -c '. "$(ls -d .gantry/lib/* | head -n 1)/state.sh"; run_forget ~/.gantry/builds/app/*'`);
    expect(ofKind(list(), "layer")).toHaveLength(1);
    expect(lab.run("prune", "--yes").code).toBe(0);
    expect(ids()).toEqual(before);
    expect(lab.host.output("cat .gantry/layers/lab")).toBe("");
  });

  test("--all: all tags of build, and all that is left of an image that is no longer in the stack", () => {
    for (const name of ["app", "old"]) {
      lab.write(`${name}/Containerfile`, `${FROM}COPY f /f\nRUN cat /f >/${name}\n`);
      lab.write(`${name}/f`, `${name}\n`);
      lab.ok("build", name);
    }
    lab.ok("build", "--tag", "t9", "--force", "app");
    lab.write("old/f", "2\n");
    lab.write("old/Containerfile", `${FROM}COPY f /f\nRUN false\n`);
    expect(lab.run("build", "old").code).toBe(65);
    lab.host.output("podman tag localhost/shell:1 localhost/old:theirs; mkdir -p development/foreign/0123456789abcdef");
    lab.configure({}, { app: {} });
    // Without --all nothing that has a name, nor a tree.
    expect(new Set(list().map(({ kind }) => kind))).toEqual(new Set(["layer"]));
    const listed = list("--all");
    const images = ofKind(listed, "image").flatMap(({ what }) => what.split(" "));
    expect(images.sort()).toEqual([
      expect.stringMatching(/^localhost\/app:ctx-/),
      "localhost/app:dev",
      "localhost/app:t9",
      expect.stringMatching(/^localhost\/old:ctx-/),
      "localhost/old:dev",
    ]);
    expect(ofKind(listed, "snapshot").map(({ what }) => what.split("/").slice(0, 2).join("/"))).toEqual([
      "development/old",
      "development/old",
    ]);
    expect(ofKind(listed, "run")).toHaveLength(2);
    // What a full disk is answered with says the same.
    lab.configure({ MIN_FREE_GIB: 1_000_000 }, { app: {} });
    lab.write("app/f", "room\n");
    const count = (kind: string) => String(ofKind(listed, kind).length);
    expect(lab.run("build", "app").stderr).toContain(
      `GiB  ${count("image")} images, ${count("layer")} layers, ${count("snapshot")} source trees, ${count("run")} logs\n`,
    );
    expect(lab.run("prune", "--all", "--yes").code).toBe(0);
    expect(ids()).toEqual(clean);
    expect(
      lab.host
        .output("podman image ls -n --format '{{.Repository}}:{{.Tag}}' | grep -v none")
        .trim()
        .split("\n")
        .sort(),
    ).toEqual(["localhost/old:theirs", "localhost/shell:1"]);
    expect(lab.host.output("ls development .gantry/builds").split("\n")).toEqual([
      ".gantry/builds:",
      "app",
      "",
      "development:",
      "app",
      "foreign",
      "",
    ]);
    expect(list("--all")).toEqual([]);
  });
});
