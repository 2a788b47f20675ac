// Old contents out of a registry: what goes, what stays, and that an index which stays still pulls.
import { readFileSync } from "node:fs";
import { RegistryLab, registryLabTools } from "../support/registry-lab";
import { withTools } from "../support/tools";

const hash = (digit: string) => digit.repeat(16);

withTools(registryLabTools, () => {
  let lab: RegistryLab;
  let repository: string;
  beforeAll(async () => {
    lab = await RegistryLab.start();
    repository = `${lab.proxy.address}/acme/tool`;
    // Six contents, the first the oldest, each with an image of its own; 3 and 5 are indexes over two.
    lab.skopeo(`
      mkdir -p made && cd made && printf 'FROM scratch\\nCOPY f /f\\n' >Containerfile
      image() { # TAG SECOND
        echo "$1" >f
        podman build -q --no-cache --timestamp "$2" -t localhost/made:1 . >/dev/null
        podman push -q --authfile ../look.json --tls-verify=false localhost/made:1 $REPO:$1
      }
      digest() { echo sha256:$(skopeo inspect --tls-verify=false --raw docker://$REPO:$1 | sha256sum | cut -d' ' -f1); }
      copy() { skopeo copy -q --all --src-tls-verify=false --dest-tls-verify=false docker://$REPO:$1 docker://$REPO:$2; }
      index() { # TAG CHILD…
        podman manifest create localhost/index:$1 >/dev/null
        for child in "$@"; do
          [ "$child" = "$1" ] || podman manifest add --authfile ../look.json --tls-verify=false localhost/index:$1 docker://$REPO:$child >/dev/null
        done
        podman manifest push -q --all --authfile ../look.json --tls-verify=false localhost/index:$1 docker://$REPO:$1
      }
      image base-${hash("1")} 1000
      image base-${hash("2")} 2000
      image base-${hash("3")}-amd64 3000
      image base-${hash("3")}-arm64 3001
      index base-${hash("3")} base-${hash("3")}-amd64 base-${hash("3")}-arm64
      image base-${hash("4")} 4000
      image base-${hash("5")}-amd64 5000
      image base-${hash("5")}-arm64 5001
      index base-${hash("5")} base-${hash("5")}-amd64 base-${hash("5")}-arm64
      image base-${hash("6")} 6000
      copy base-${hash("2")} base-1.0.0
      copy base-${hash("6")} base-latest
      # A part of an old content is also a part of an index that stays.
      index stable base-${hash("3")}-amd64
      image other-tag 1
      for each in 1 2; do
        d=$(digest base-$(printf "$each%.0s" 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16))
        image sha256-\${d#sha256:}.sig 1
      done
    `);
  });
  afterAll(() => lab.stop());

  const left = () => Object.keys(lab.tags()).sort();

  test("a dry run by itself: what would go, and nothing does", async () => {
    const before = lab.tags();
    const { code, stdout, stderr } = await lab.run(["gc", "--keep", "1"]);
    expect([code, stderr]).toEqual([0, "nothing was removed; remove these with: image gc --yes app\n"]);
    const signature = (tag: string) => `sha256-${(before[tag] ?? "").slice(7)}.sig`;
    const lines = stdout.split("\n").filter((line) => line !== "");
    expect([...lines].sort()).toEqual(
      [
        `base-${hash("3")}`,
        `base-${hash("5")}`,
        `base-${hash("3")}-arm64`,
        `base-${hash("5")}-amd64`,
        `base-${hash("5")}-arm64`,
        `base-${hash("1")}`,
        `base-${hash("4")}`,
        signature(`base-${hash("1")}`),
      ]
        .map((tag) => `${repository}@${before[tag] ?? ""}  ${tag}`)
        .sort(),
    );
    // An index before its parts: what is cut off halfway leaves no broken index.
    expect(lines.slice(0, 2).map((line) => line.split("  ")[1])).toEqual([`base-${hash("3")}`, `base-${hash("5")}`]);
    const json = JSON.parse(await lab.ok("gc", "--keep=1", "--json")) as { outcome: string; images: object[] };
    expect([json.outcome, json.images.length]).toEqual(["dry run", 8]);
    await lab.ok("gc", "--keep", "1", "--yes", "--dry-run");
    expect(lab.tags()).toEqual(before);
  });

  test("a content whose time cannot be read is no old one: 65 or 69, and nothing goes; one without a time stays", async () => {
    const before = lab.tags();
    const config = (tag: string) =>
      /"config":\s*\{[^}]*"(sha256:\w+)"/.exec(
        lab.skopeo(`skopeo inspect --tls-verify=false --raw docker://$REPO:${tag}`),
      )?.[1];
    lab.proxy.failAt(new RegExp(`/blobs/${config(`base-${hash("4")}`) ?? "none"}$`));
    const failed = await lab.run(["gc", "--keep", "1", "--yes"]);
    lab.proxy.failAt(undefined);
    expect([failed.code, failed.stdout, failed.stderr]).toEqual([
      65,
      "",
      expect.stringMatching(`^image: ${repository}: the look at base-${hash("4")}: .*500`),
    ]);
    // A full disk cuts a manifest off; what is left of it is none.
    lab.lab.host.output(`cat >bin/skopeo <<'END'
#!/bin/bash
case $* in *--raw*:stable) /usr/bin/skopeo "$@" | head -c 99; echo 'write: no space left on device' >&2; exit 1 ;; esac
exec /usr/bin/skopeo "$@"
END
chmod +x bin/skopeo`);
    const cut = await lab.run(["gc", "--keep", "1", "--yes"]);
    expect([cut.code, cut.stdout, cut.stderr]).toEqual([
      65,
      "",
      expect.stringContaining("the look at stable: write: no space left on device\n"),
    ]);
    lab.lab.host.output(`cat >bin/skopeo <<'END'
#!/bin/bash
case $* in *--config*${before[`base-${hash("1")}`] ?? "none"}) echo 'blob unknown to registry' >&2; exit 1 ;; esac
exec /usr/bin/skopeo "$@"
END`);
    const listed = await lab.ok("gc", "--keep", "1");
    lab.lab.host.output("rm bin/skopeo");
    expect(listed).toContain(`base-${hash("4")}\n`);
    expect(listed).not.toContain(`base-${hash("1")}\n`);
    expect(lab.tags()).toEqual(before);
  });

  test("what goes: old contents with their signatures; what is kept keeps its parts and signatures", async () => {
    const before = lab.tags();
    await lab.ok("gc", "--keep", "2", "--yes");
    const stays = [
      "base-1.0.0",
      `base-${hash("2")}`,
      `base-${hash("3")}-amd64`,
      `base-${hash("5")}`,
      `base-${hash("5")}-amd64`,
      `base-${hash("5")}-arm64`,
      `base-${hash("6")}`,
      "base-latest",
      "other-tag",
      `sha256-${(before[`base-${hash("2")}`] ?? "").slice(7)}.sig`,
      "stable",
    ];
    expect(left()).toEqual(stays);
    const after = lab.tags();
    expect(after).toEqual(Object.fromEntries(stays.map((tag) => [tag, before[tag]])));
    // Every index that is left pulls with all its parts.
    for (const tag of ["stable", `base-${hash("5")}`]) {
      lab.skopeo(`rm -rf pulled && skopeo copy -q --all --src-tls-verify=false docker://$REPO:${tag} dir:pulled`);
    }
    expect(await lab.ok("gc", "--keep", "2", "--yes")).toBe("app: nothing to remove\n");
  });

  test("--keep 0 leaves what other tags name", async () => {
    await lab.ok("gc", "--keep", "0", "--yes", "--quiet");
    expect(left().filter((tag) => !tag.startsWith("sha256-"))).toEqual([
      "base-1.0.0",
      `base-${hash("2")}`,
      `base-${hash("3")}-amd64`,
      `base-${hash("6")}`,
      "base-latest",
      "other-tag",
      "stable",
    ]);
    lab.skopeo("rm -rf pulled && skopeo copy -q --all --src-tls-verify=false docker://$REPO:stable dir:pulled");
  });

  test("a repository that does not exist has nothing to remove; a number is a number", async () => {
    lab.publication({ NAME: "acme/nothing" });
    expect(await lab.ok("gc", "--yes")).toBe("app: nothing to remove\n");
    lab.publication({});
    expect(await lab.run(["gc", "--keep", "many"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "image: gc: --keep wants a number, not many\n",
    });
  });

  test("on ghcr.io, gh deletes by its own numbers, and what has no tag and belongs to nothing", async () => {
    // The registry answers for ghcr.io: skopeo on the host is led there.
    const tags = lab.tags();
    const old = `sha256:${"a".repeat(64)}`;
    const young = `sha256:${"b".repeat(64)}`;
    const part = tags[`base-${hash("3")}-amd64`] ?? "";
    lab.skopeo(`cd made; echo 7 >f; podman build -q --no-cache --timestamp 100 -t localhost/made:1 . >/dev/null
      podman push -q --authfile ../look.json --tls-verify=false localhost/made:1 $REPO:base-${hash("7")}`);
    const seventh = lab.tags()[`base-${hash("7")}`] ?? "";
    // What a registry without referrers has instead: an index in a tag for the attestations, which have none of their own.
    const subject = (tags["base-1.0.0"] ?? "").slice(7);
    lab.skopeo(`cd made; echo 8 >f; podman build -q --no-cache --timestamp 100 -t localhost/made:1 . >/dev/null
      podman manifest create localhost/index:8 >/dev/null; podman manifest add localhost/index:8 containers-storage:localhost/made:1 >/dev/null
      podman manifest push -q --all --authfile ../look.json --tls-verify=false localhost/index:8 docker://$REPO:sha256-${subject}`);
    const attestation =
      /sha256:\w+/.exec(lab.skopeo(`skopeo inspect --tls-verify=false --raw docker://$REPO:sha256-${subject}`))?.[0] ??
      "";
    lab.lab.host.output(
      `cat >bin/skopeo <<'END'
#!/bin/bash
words=()
for word in "$@"; do words+=("\${word//ghcr.io/${lab.registry.address}}"); done
exec /usr/bin/skopeo "\${words[@]}" --tls-verify=false
END
chmod +x bin/skopeo`,
    );
    const versions = [
      `11 ${seventh} 2020-01-01T00:00:00Z base-${hash("7")}`,
      `12 ${part} 2020-01-01T00:00:00Z `,
      `13 ${old} 2020-01-01T00:00:00Z `,
      `14 ${young} 2999-01-01T00:00:00Z `,
      `15 ${tags["base-1.0.0"] ?? ""} 2020-01-01T00:00:00Z base-1.0.0,base-${hash("2")}`,
      `16 ${attestation} 2020-01-01T00:00:00Z `,
    ];
    const log = `${lab.lab.host.scratch}/gh.log`;
    lab.lab.files.stub(
      "gh",
      `printf '%s|' "\${GH_TOKEN:+token}" "$@" >>${log}; echo >>${log}
       case "$*" in *"/orgs/"*) echo "gh: Not Found (HTTP 404)" >&2; exit 1 ;; *DELETE*) exit 0 ;; esac
       printf '%s\\n' ${versions.map((line) => `'${line}'`).join(" ")}`,
    );
    lab.publication({ REGISTRY: "ghcr.io", INSECURE: "" });
    const out = await lab.ok("gc", "--keep", "0", "--yes");
    expect(out).toBe(
      `ghcr.io/acme/tool@${seventh}  base-${hash("7")}\nghcr.io/acme/tool@${old}  no tag\napp: removed\n`,
    );
    const calls = readFileSync(log, "utf8").split("\n");
    expect(calls.filter((line) => line.includes("DELETE"))).toEqual([
      "token|api|--method|DELETE|/users/acme/packages/container/tool/versions/11|",
      "token|api|--method|DELETE|/users/acme/packages/container/tool/versions/13|",
    ]);
    expect(calls.join("\n")).not.toContain(lab.registry.password);
  });
});
