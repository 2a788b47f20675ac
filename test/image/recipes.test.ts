import {
  aptInstall,
  cargoChef,
  Containerfile,
  developerUser,
  dnfInstall,
  githubCli,
  npmInstall,
  pinned,
  pipInstall,
  productionContainerfile,
  renderContainerfile,
  rustBase,
  rustToolchain,
  Step,
  uvSync,
  type ContainerfileStep,
} from "../../lib/image";
import { messageOf } from "../support/project";

const digest = `sha256:${"a".repeat(64)}`;
const sum = (digit: string) => digit.repeat(64);
const textOf = (steps: readonly ContainerfileStep[]) =>
  renderContainerfile({ stages: [{ name: "x", from: "scratch", steps }] }).replace("FROM scratch AS x\n", "");

test("apt: sorted, without recommended packages, lists and downloads; with a cache of its own", () => {
  expect(textOf(aptInstall({ packages: ["git", "curl", "git=1:2.43.0-1~x"] }))).toBe(
    `RUN apt-get update && \\
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends curl git git=1:2.43.0-1~x && \\
    rm -rf /var/lib/apt/lists/*
`,
  );
  expect(textOf(aptInstall({ packages: ["git"], cache: "ubuntu-24.04" }))).toBe(
    `RUN --mount=type=cache,id=apt-cache-ubuntu-24.04,target=/var/cache/apt,sharing=locked --mount=type=cache,id=apt-lists-ubuntu-24.04,target=/var/lib/apt/lists,sharing=locked rm -f /etc/apt/apt.conf.d/docker-clean && \\
    apt-get update && \\
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends git
`,
  );
  expect(messageOf(() => aptInstall({ packages: ["git; rm -rf /", "-y"], cache: "a b" })))
    .toBe(`aptInstall: invalid props
  packages[0]: got "git; rm -rf /"; allowed: the name of a package, with or without a version, such as "ffmpeg" or "git=1:2.43.0-1"
  packages[1]: got "-y"; allowed: the name of a package, with or without a version, such as "ffmpeg" or "git=1:2.43.0-1"
  cache: got "a b"; allowed: a name of letters, digits, dots, dashes and underscores, such as "ubuntu-24.04"`);
});

test("dnf", () => {
  expect(textOf(dnfInstall({ packages: ["gcc", "@development"] }))).toBe(
    `RUN dnf install -y --setopt=install_weak_deps=False --nodocs @development gcc && \\
    dnf clean all && \\
    rm -rf /var/cache/dnf
`,
  );
  expect(textOf(dnfInstall({ packages: ["gcc"], cache: "rhel-9" }))).toBe(
    "RUN --mount=type=cache,id=dnf-rhel-9,target=/var/cache/dnf,sharing=locked dnf install -y --setopt=install_weak_deps=False --nodocs --setopt=keepcache=True gcc\n",
  );
});

test("pip, uv and npm: what the dependencies are first", () => {
  expect(textOf(pipInstall())).toBe(`COPY ["requirements.txt","requirements.txt"]
RUN --mount=type=cache,target=/root/.cache/pip ["pip","install","--disable-pip-version-check","--root-user-action=ignore","-r","requirements.txt"]
`);
  expect(textOf(pipInstall({ requirements: ["a.txt", "b/c.txt"], requireHashes: true, cache: false }))).toBe(
    `COPY ["a.txt","a.txt"]
COPY ["b/c.txt","b/c.txt"]
RUN ["pip","install","--disable-pip-version-check","--root-user-action=ignore","--no-cache-dir","--require-hashes","-r","a.txt","-r","b/c.txt"]
`,
  );
  expect(textOf(uvSync({ uv: pinned("ghcr.io/astral-sh/uv:0.9.0", digest) })))
    .toBe(`COPY --from=ghcr.io/astral-sh/uv@${digest} ["/uv","/usr/local/bin/uv"]
ENV UV_LINK_MODE=copy \\
    UV_COMPILE_BYTECODE=1 \\
    UV_PYTHON_DOWNLOADS=never
COPY ["pyproject.toml","uv.lock","./"]
RUN --mount=type=cache,target=/root/.cache/uv ["uv","sync","--frozen","--no-install-project","--no-dev"]
`);
  expect(textOf(npmInstall({ directory: "frontend", dev: false }))).toBe(
    `COPY ["frontend/package.json","frontend/package-lock.json","./"]
RUN --mount=type=cache,target=/root/.npm ["npm","ci","--no-audit","--no-fund","--omit=dev"]
`,
  );
});

test("cargo-chef: planner, cook and build, each from the last where it can be", () => {
  const from = pinned("docker.io/library/rust:1.93", digest);
  const stages = cargoChef({ from, directory: "v3", binaries: ["sindri"], features: ["a", "b"] });
  expect(Containerfile.of({ stages }).render()).toBe(`# 1.93
FROM docker.io/library/rust@${digest} AS planner
WORKDIR /src
COPY ["v3","./"]
RUN ["cargo","chef","prepare","--recipe-path","recipe.json"]

# 1.93
FROM docker.io/library/rust@${digest} AS cook
WORKDIR /src
COPY --from=planner ["/src/recipe.json","recipe.json"]
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/usr/local/cargo/git ["cargo","chef","cook","--profile","release","--features","a,b","--bin","sindri","--recipe-path","recipe.json"]

FROM cook AS build
COPY ["v3","./"]
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/usr/local/cargo/git ["cargo","build","--locked","--profile","release","--features","a,b","--bin","sindri"]
`);
});

test("a user to work as", () => {
  expect(textOf(developerUser({ sudo: true }))).toBe(`RUN groupadd --gid 1001 developer && \\
    useradd --create-home --uid 1001 --gid 1001 --shell /bin/bash developer && \\
    echo 'developer ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/developer && \\
    chmod 0440 /etc/sudoers.d/developer
`);
  expect(messageOf(() => developerUser({ name: "a b", uid: 0, shell: "bash" }))).toBe(`developerUser: invalid props
  name: got "a b"; allowed: a login name of lower-case letters, digits, dashes and underscores
  uid: got 0; allowed: a whole number from 1 to 60000
  shell: got "bash"; allowed: an absolute path, such as "/bin/bash"`);
});

test("GitHub's program is checked for each processor", () => {
  expect(textOf(githubCli({ version: "2.86.0", sha256: { amd64: sum("a"), arm64: sum("b") } }))).toBe(
    `ARG GH_VERSION=2.86.0
RUN case "$(uname -m)" in x86_64) arch=amd64 sum=${sum("a")} ;; aarch64) arch=arm64 sum=${sum("b")} ;; *) echo "no checksum is known for $(uname -m)"; exit 1 ;; esac && \\
    curl -fsSL --retry 3 --proto =https -o /tmp/gh.tar.gz "https://github.com/cli/cli/releases/download/v$GH_VERSION/gh_\${GH_VERSION}_linux_$arch.tar.gz" && \\
    echo "$sum  /tmp/gh.tar.gz" | sha256sum -c - && \\
    tar -xzf /tmp/gh.tar.gz -C /usr/local --strip-components=1 --no-same-owner && \\
    rm /tmp/gh.tar.gz && \\
    gh --version
`,
  );
  expect(messageOf(() => githubCli({ version: "v2", sha256: {} }))).toBe(`githubCli: invalid props
  version: got "v2"; allowed: a version, such as "2.86.0"
  sha256: got {}; allowed: a sha256 for amd64, arm64 or both`);
});

test("Rust: rustup by its sha256, cargo-chef by its version", () => {
  const text = textOf(rustToolchain({ version: "1.93" }));
  expect(text).toContain("ARG RUST_VERSION=1.93\n");
  expect(text).toContain('echo "$sum  /tmp/rustup-init" | sha256sum -c -');
  expect(text).toMatch(/cargo install cargo-chef --version \d+\.\d+\.\d+ --locked/);
});

test("a base for Rust: everything pinned, and nothing of the context", () => {
  const ubuntu = pinned("docker.io/library/ubuntu:24.04", digest);
  const props = { ubuntu, rust: { version: "1.93" }, githubCli: { version: "2.86.0", sha256: { amd64: sum("a") } } };
  const file = rustBase({ ...props, packages: ["jq", "git"] });
  expect(file.readsContext).toBe(false);
  const lines = file.render().split("\n");
  expect(lines.slice(0, 8)).toEqual([
    "# 24.04",
    `FROM docker.io/library/ubuntu@${digest} AS base`,
    "ARG UBUNTU_VERSION=24.04",
    "RUN . /etc/os-release && \\",
    '    test "$VERSION_ID" = "$UBUNTU_VERSION"',
    "RUN apt-get update && \\",
    "    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends build-essential ca-certificates curl git jq libssl-dev pkg-config sudo && \\",
    "    rm -rf /var/lib/apt/lists/*",
  ]);
  expect(lines.filter((line) => line.startsWith("ARG "))).toEqual([
    "ARG UBUNTU_VERSION=24.04",
    "ARG RUST_VERSION=1.93",
    "ARG GH_VERSION=2.86.0",
  ]);
  expect(messageOf(() => rustBase({ ...props, ubuntu: pinned("ubuntu:latest", digest) }))).toBe(
    'rustBase: invalid props\n  ubuntuVersion: got "latest"; allowed: a release, such as "24.04"',
  );
});

test("production: four stages that are cached by themselves", () => {
  const file = productionContainerfile({
    from: pinned("docker.io/library/python:3.11-slim", digest),
    packages: ["ffmpeg", "espeak-ng"],
    models: [
      { url: "https://example.com/a?b=$c", sha256: sum("1"), to: "piper/voice.onnx" },
      { url: "https://example.com/b", sha256: sum("2"), to: "b" },
    ],
    dependencies: pipInstall({ cache: false }),
    code: ["src"],
    steps: [Step.user("1000"), Step.entrypoint(["python", "-m", "src"])],
  });
  expect(file.render()).toBe(`# 3.11-slim
FROM docker.io/library/python@${digest} AS base
RUN apt-get update && \\
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends espeak-ng ffmpeg && \\
    rm -rf /var/lib/apt/lists/*

FROM base AS models
RUN apt-get update && \\
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates curl && \\
    rm -rf /var/lib/apt/lists/*
WORKDIR /models
RUN mkdir -p piper && \\
    curl -fsSL --retry 3 --proto =https -o piper/voice.onnx 'https://example.com/a?b=$c' && \\
    echo '${sum("1")}  piper/voice.onnx' | sha256sum -c -
RUN curl -fsSL --retry 3 --proto =https -o b 'https://example.com/b' && \\
    echo '${sum("2")}  b' | sha256sum -c -

FROM base AS dependencies
WORKDIR /app
COPY ["requirements.txt","requirements.txt"]
RUN ["pip","install","--disable-pip-version-check","--root-user-action=ignore","--no-cache-dir","-r","requirements.txt"]

FROM dependencies AS final
COPY --from=models ["/models","models"]
COPY ["src","src"]
USER 1000
ENTRYPOINT ["python","-m","src"]
`);
  expect(
    messageOf(() =>
      productionContainerfile({
        from: "scratch",
        models: [{ url: "http://example.com/x", sha256: "abc", to: "../x" }],
        dependencies: [],
        code: [],
      }),
    ),
  ).toBe(`productionContainerfile: invalid props
  models[0].url: got "http://example.com/x"; allowed: an address with https, such as "https://example.com/model.onnx"
  models[0].sha256: got "abc"; allowed: a sha256 of 64 hexadecimal digits
  models[0].to: got "../x"; allowed: a path below the directory, such as "piper/voice.onnx"
  code: got []; allowed: a list of at least 1 element, each a relative path with "/" and without "..", such as "images/vllm"`);
});
