// The recipes, built by podman on a stand-in for the distribution: busybox, and programs that say what they were asked.
import { createHash } from "node:crypto";
import {
  cargoChef,
  Containerfile,
  developerUser,
  npmInstall,
  pinned,
  pipInstall,
  productionContainerfile,
  rustBase,
  Step,
  uvSync,
  type PinnedImage,
} from "../../lib/image";
import { startStandin, type Ran, type Standin } from "../support/standin";
import { withTools } from "../support/tools";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** What curl brings in the image: the address itself, but for rustup's installer, which is a program. */
const INSTALLER = '#!/bin/sh\necho "rustup-init $*" >>/log\nmkdir -p "$RUSTUP_HOME" "$CARGO_HOME"\n';

withTools(["ssh", "sshd", "podman", "busybox"], () => {
  let host: Standin;
  let ubuntu: PinnedImage;
  let gh: string;
  beforeAll(async () => {
    host = await startStandin();
    host.run("cat >installer", INSTALLER);
    host.output(String.raw`
      mkdir -p shell/bin shell/etc/sudoers.d shell/tmp shell/usr/local context/src context/v3
      cp /bin/busybox shell/bin
      for i in sh cat ls rm mkdir chmod test uname sha256sum head tail env; do ln -s busybox shell/bin/$i; done
      cp installer shell/installer
      for i in apt-get groupadd useradd cargo pip npm uv; do
        printf '#!/bin/sh\necho "%s $*" >>/log\n' $i >shell/bin/$i; chmod +x shell/bin/$i
      done
      cat >shell/bin/curl <<'END'
#!/bin/sh
# curl … -o FILE URL
while [ $# -gt 2 ]; do shift; done
case $2 in *rustup*) cat /installer >"$1" ;; */gh_2.86.0_linux_*) cat /gh.tar.gz >"$1" ;; *) printf %s "$2" >"$1" ;; esac
END
      mkdir -p gh/bin && printf '#!/bin/sh\necho "gh $*" >>/log\n' >gh/bin/gh && chmod +x gh/bin/gh && tar -czf shell/gh.tar.gz gh
      chmod +x shell/bin/curl; printf 'VERSION_ID="24.04"\n' >shell/etc/os-release
      printf 'FROM scratch\nCOPY . /\nENV PATH=/bin\n' >shell/Containerfile
      podman build -q -t localhost/ubuntu:24.04 shell >/dev/null
      for i in requirements.txt package.json package-lock.json pyproject.toml uv.lock src/main v3/Cargo.toml; do echo "$i" >context/$i; done`);
    const digest = host.output("podman image inspect --format '{{.Digest}}' localhost/ubuntu:24.04").trim();
    gh = host.output("sha256sum <shell/gh.tar.gz").slice(0, 64);
    ubuntu = pinned("localhost/ubuntu:24.04", digest);
  });
  afterAll(() => host.stop());

  const build = (file: Containerfile, ...options: readonly string[]): Ran => {
    host.run("cat >Containerfile", file.render());
    return host.run(
      `mkdir -p tmp && TMPDIR=$PWD/tmp podman build -t localhost/made -f Containerfile ${options.join(" ")} context 2>&1`,
    );
  };
  const built = (file: Containerfile, ...options: readonly string[]): string => {
    const { code, stdout } = build(file, ...options);
    if (code !== 0) throw new Error(stdout);
    return stdout;
  };
  // podman now and then loses what the command of a failing step prints, so the step it names tells which check refused.
  const refused = (file: Containerfile, ...options: readonly string[]): string | undefined => {
    const { code, stdout } = build(file, ...options);
    return code === 0 ? "built" : /building at STEP "(.*)": .*exit status 1/.exec(stdout)?.[1];
  };
  const read = (path: string) =>
    host.output(
      `id=$(podman create localhost/made x) && podman cp "$id":${path} out >/dev/null; podman rm "$id" >/dev/null; cat out`,
    );

  const base = (sum = gh) =>
    rustBase({
      ubuntu,
      rust: {
        version: "1.93",
        cargoChef: "0.1.77",
        rustup: { version: "1.28.2", sha256: { amd64: sha256(INSTALLER), arm64: sha256(INSTALLER) } },
      },
      githubCli: { version: "2.86.0", sha256: { amd64: sum, arm64: sum } },
      packages: ["jq"],
    });

  test("the base for Rust: what is asked of apt, rustup, cargo and the others", () => {
    built(base());
    expect(read("/log").split("\n")).toEqual([
      "apt-get update",
      "apt-get install -y --no-install-recommends build-essential ca-certificates curl git jq libssl-dev pkg-config sudo",
      "rustup-init -y --no-modify-path --profile minimal --default-toolchain 1.93",
      "cargo install cargo-chef --version 0.1.77 --locked",
      "gh --version",
      "groupadd --gid 1001 developer",
      "useradd --create-home --uid 1001 --gid 1001 --shell /bin/bash developer",
      "",
    ]);
    expect(read("/etc/sudoers.d/developer")).toBe("developer ALL=(ALL) NOPASSWD:ALL\n");
    built(base(), "--build-arg RUST_VERSION=1.94");
    expect(read("/log")).toContain("--default-toolchain 1.94\n");
  });

  test("another download than the checksum is of, and another release than is meant, fail the build", () => {
    expect(refused(base("0".repeat(64)))).toContain("gh.tar.gz");
    expect(refused(base(), "--build-arg GH_VERSION=2.87.0")).toContain("gh.tar.gz");
    expect(build(base(), "--build-arg UBUNTU_VERSION=26.04").code).not.toBe(0);
  });

  const production = (sum = sha256("https://example.com/m?a=$b")) =>
    productionContainerfile({
      from: ubuntu,
      packages: ["ffmpeg"],
      models: [{ url: "https://example.com/m?a=$b", sha256: sum, to: "piper/voice.onnx" }],
      dependencies: pipInstall(),
      code: ["src"],
      steps: [Step.env({ LAST: "1" })],
    });

  test("production: models are checked, and a change of code leaves all but the code cached", () => {
    built(production());
    expect(read("/app/models/piper/voice.onnx")).toBe("https://example.com/m?a=$b");
    expect(read("/app/src/main")).toBe("src/main\n");
    // What only downloading needs is not in the result.
    expect(read("/log")).toBe(`apt-get update
apt-get install -y --no-install-recommends ffmpeg
pip install --disable-pip-version-check --root-user-action=ignore -r requirements.txt
`);
    host.output("echo changed >context/src/main");
    // podman may begin a stage before another one has ended, so what follows a step need not be said of it: the layers count.
    const lines = built(production()).split("\n");
    const made = lines.flatMap((line, i) => {
      if (!/^--> [0-9a-f]{11}$/.test(line) || lines[i - 1]?.startsWith("--> Using cache")) return [];
      return (
        lines
          .slice(0, i)
          .findLast((each) => each.includes("] STEP "))
          ?.replace(/^[^:]*: /, "") ?? []
      );
    });
    expect(made).toEqual(['COPY ["src","src"]', "ENV LAST=1"]);
    expect(refused(production("0".repeat(64)))).toMatch(/piper\/voice\.onnx.*sha256sum -c -/);
  });

  test("uv, npm and cargo-chef: dependencies before the code", () => {
    built(
      Containerfile.of({
        stages: [{ name: "x", from: ubuntu, steps: [...uvSync(), ...npmInstall(), ...developerUser()] }],
      }),
    );
    expect(read("/log")).toBe(`uv sync --frozen --no-install-project --no-dev
npm ci --no-audit --no-fund
groupadd --gid 1001 developer
useradd --create-home --uid 1001 --gid 1001 --shell /bin/bash developer
`);
    host.output("echo recipe >context/v3/recipe.json"); // what the planner would write
    const stages = cargoChef({ from: ubuntu, directory: "v3", binaries: ["sindri"] });
    built(Containerfile.of({ stages }));
    expect(read("/log")).toBe(`cargo chef cook --profile release --bin sindri --recipe-path recipe.json
cargo build --locked --profile release --bin sindri
`);
    host.output("echo changed >context/v3/main.rs");
    const output = built(Containerfile.of({ stages }));
    expect(output.slice(output.indexOf('["cargo","chef","cook"')).split("\n")[1]).toMatch(/^--> Using cache/);
  });
});
