// Looking at published images: by digest, with everything that is said of them, and bringing them back to the builder.
import { RegistryLab, registryLabTools } from "../support/registry-lab";
import { withTools } from "../support/tools";

interface Report {
  readonly reference: string;
  readonly digest: string;
  readonly outcome: string;
  readonly checks: readonly { readonly check: string; readonly state: string; readonly what: string }[];
}

withTools(registryLabTools, () => {
  let lab: RegistryLab;
  let repository: string;
  let hash: string;
  let digest: string;
  let revision: string;
  beforeAll(async () => {
    lab = await RegistryLab.start();
    repository = `${lab.proxy.address}/acme/tool`;
    lab.version("1.0.0");
    lab.lab.git("commit", "-aqm", "version");
    await lab.ok("publish");
    hash = lab.hash();
    digest = lab.tags()["base-1.0.0"] ?? "";
    revision = lab.lab.git("rev-parse", "HEAD").trim();
    lab.publication({ RUN_1: "/f" });
  });
  afterAll(() => lab.stop());

  const forget = () => lab.lab.host.output(`podman rmi -f $(podman images -q ${repository}) >/dev/null 2>&1 || true`);
  const checks = async (...args: readonly string[]) => {
    const { code, stdout } = await lab.run(["verify", "--json", ...args]);
    const report = JSON.parse(stdout) as Report;
    return { code, report, states: Object.fromEntries(report.checks.map(({ check, state }) => [check, state])) };
  };

  test("all that is there to see, in a table", async () => {
    expect(await lab.run(["verify", "app"])).toEqual({
      code: 0,
      stdout:
        `app: verified, ${repository}:base-1.0.0 is ${digest}\n` +
        `  architecture  ok    linux/${process.arch === "arm64" ? "arm64" : "amd64"}\n` +
        "  source        ok    https://github.com/acme/tool\n" +
        `  revision      ok    ${revision}\n` +
        "  version       ok    1.0.0\n" +
        "  signature     none  there is none\n" +
        "  run           ok    tool 1.0.0\n",
      stderr: "",
    });
    expect(lab.proxy.requests.filter((line) => line.includes(`manifests/${digest}`)).length).toBeGreaterThan(0);
  });

  test.each([
    ["a tag", () => `${repository}:base-latest`],
    ["a digest", () => `${repository}@${digest}`],
  ])("%s names it too", async (_, reference) => {
    const { code, report } = await checks(reference());
    expect([code, report.digest, report.outcome]).toEqual([0, digest, "verified"]);
  });

  test("other labels than the stack's, and an image that does not run, are findings", async () => {
    lab.publication({ SOURCE_LABEL: "https://github.com/acme/other", RUN_1: "/missing" });
    const { code, report, states } = await checks("app");
    lab.publication({ RUN_1: "/f" });
    expect([code, report.outcome]).toEqual([1, "not as it should be"]);
    expect(states).toEqual({
      architecture: "ok",
      source: "bad",
      revision: "ok",
      version: "ok",
      signature: "none",
      run: "bad",
    });
    expect(report.checks.find(({ check }) => check === "source")?.what).toBe(
      "https://github.com/acme/tool, expected https://github.com/acme/other",
    );
  });

  test("a signature that is wanted: none, one without cosign, a good and a bad one", async () => {
    const wanted = async () => {
      const { code, report } = await checks("--require-signature", "app");
      return [code, report.checks.find(({ check }) => check === "signature")];
    };
    expect(await wanted()).toEqual([1, { check: "signature", state: "bad", what: "there is none" }]);
    lab.skopeo(
      `skopeo copy -q --src-tls-verify=false --dest-tls-verify=false docker://$REPO@${digest} docker://$REPO:sha256-${digest.slice(7)}.sig`,
    );
    expect(await wanted()).toEqual([
      1,
      { check: "signature", state: "bad", what: "there is one, and no cosign to check it" },
    ]);
    const stub = (body: string) =>
      lab.lab.host.output(`printf '%s\\n' '#!/bin/bash' '${body}' >bin/cosign && chmod +x bin/cosign`);
    stub('printf "<%s>" "$@" >~/cosign.log; test -s "$DOCKER_CONFIG/config.json"');
    lab.publication({ RUN_1: "/f", SIGNER: "^https://github\\.com/acme/tool/", ISSUER: "https://issuer.example" });
    expect(await wanted()).toEqual([0, { check: "signature", state: "ok", what: "of https://issuer.example" }]);
    expect(lab.lab.host.output("cat ~/cosign.log")).toBe(
      "<verify><--certificate-identity-regexp><^https://github\\.com/acme/tool/>" +
        `<--certificate-oidc-issuer><https://issuer.example><${repository}@${digest}>`,
    );
    stub('echo "Error: no matching signatures" >&2; exit 10');
    expect(await wanted()).toEqual([1, { check: "signature", state: "bad", what: "Error: no matching signatures" }]);
    lab.lab.host.output("rm bin/cosign");
  });

  test("what is not there is 65; a repository of nobody's is 2", async () => {
    expect(await lab.run(["verify", `${repository}:nope`])).toEqual({
      code: 65,
      stdout: "",
      stderr: `image: ${repository} has no nope\n  publish it: image publish app\n`,
    });
    expect(await lab.run(["verify", "ghcr.io/a/b:c"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "image: ghcr.io/a/b:c is in no repository of this stack\n  image knows: publish\n",
    });
  });

  test("the published build takes the place of one here, named as the builder names its own", async () => {
    forget();
    const id = lab.lab.imageId(`app:ctx-${hash}`);
    lab.lab.host.output(`podman rmi -f localhost/app:ctx-${hash} localhost/app:base-latest >/dev/null`);
    // Through the function that `image build` calls.
    lab.lab.files.write(
      "lib/gantry/image/cmd-history.sh",
      '. "$PROGRAM_DIR/registry.sh"\ncmd_history() { restore_published "$@"; }\n',
    );
    expect(await lab.run(["history", "app", "0123456789abcdef"])).toEqual({ code: 1, stdout: "", stderr: "" });
    expect(await lab.run(["history", "app", hash])).toEqual({
      code: 0,
      stdout: "",
      stderr: `app: taken from ${repository}@${digest} instead of building it\n`,
    });
    expect(lab.lab.imageId(`app:ctx-${hash}`)).toMatch(/^[0-9a-f]{64}$/);
    expect(lab.lab.imageId(`app:ctx-${hash}`)).not.toBe(id);
    expect(lab.lab.imageId("app:base-latest")).toBe(lab.lab.imageId(`app:ctx-${hash}`));
    expect(lab.lab.ok("build", "app")).toMatch(/^app: up to date/);
    // One that says it is of another content is not taken.
    lab.skopeo(
      "skopeo copy -q --src-tls-verify=false --dest-tls-verify=false docker://$REPO:base-1.0.0 docker://$REPO:base-0123456789abcdef",
    );
    expect(await lab.run(["history", "app", "0123456789abcdef"])).toEqual({
      code: 1,
      stdout: "",
      stderr:
        `app: not taken from ${repository}, at the image base-0123456789abcdef, ` +
        `which must be of the content 0123456789abcdef: it is of ${hash}\n`,
    });
  });
});
