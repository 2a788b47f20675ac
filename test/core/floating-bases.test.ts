import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Containerfile, expanded, pinned, Step } from "../../lib/image";

const script = join(__dirname, "../../lib/core/scripts/floating-bases.sh");
const digest = `sha256:${"a".repeat(64)}`;
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "gantry-floating-"));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

function floating(text: string, ...args: readonly string[]): string[] {
  const file = join(directory, "Containerfile");
  writeFileSync(file, text);
  const out = execFileSync("bash", [
    "-euc",
    '. "$0"; floating_bases "$@"; printf "%s" "$REPLY"',
    script,
    file,
    ...args,
  ]);
  return out.toString() === "" ? [] : out.toString().split("\n");
}

test.each<[string, string, string[]]>([
  ["nothing", "", []],
  ["scratch, a digest, an image of the stack", `FROM scratch\nFROM ubuntu@${digest}\nFROM localhost/base:dev\n`, []],
  ["a tag, and none", "FROM ubuntu:24.04\nfrom  debian\n", ["ubuntu:24.04", "debian"]],
  ["each once", "FROM ubuntu\nFROM ubuntu\n", ["ubuntu"]],
  ["a tag and a digest", `FROM ghcr.io/x/y:1@${digest}\n`, []],
  ["a registry with a port", "FROM localhost:5000/x:1\n", ["localhost:5000/x:1"]],
  [
    "stages, whatever their letters",
    "FROM a:1 AS Build\nFROM build\nCOPY --from=BUILD /x /\nCOPY --from=0 /x /\n",
    ["a:1"],
  ],
  ["a stage below is an image", "FROM late\nFROM a:1 AS late\n", ["late", "a:1"]],
  ["platforms", "FROM --platform=$BUILDPLATFORM golang:1 AS x\n", ["golang:1"]],
  [
    "copies and mounts",
    "FROM scratch\nCOPY --chown=1 --from=uv:1 /uv /\nRUN --mount=type=bind,from=node:22,source=/x,target=/y x\nRUN --mount=type=cache,target=/c x\n",
    ["uv:1", "node:22"],
  ],
  [
    "defaults of arguments",
    'ARG A=ubuntu B="24.04"\nARG C=$A:${B}\nFROM ${C}\nFROM $A:$B-slim\n',
    ["ubuntu:24.04", "ubuntu:24.04-slim"],
  ],
  [
    "defaults in place",
    "ARG A\nFROM x:${A:-1}\nARG B=2\nFROM x:${B:-1}\nFROM y${B:+:b}\nFROM ${C-z:1}\n",
    ["x:1", "y", "z:1"],
  ],
  ["what is not known", "FROM ${WHAT}\n", ["${WHAT}"]],
  [
    "several lines, comments between",
    "# FROM comment\nFROM \\\n# FROM inside\n  ubuntu:1 \\\n  AS x\nFROM x\n",
    ["ubuntu:1"],
  ],
  ["empty lines between, and a word cut in two", "FROM \\\n\n  ubu\\\nntu:1 \\\n\n  AS x\nFROM x\n", ["ubuntu:1"]],
  ["two escapes at the end are none", "FROM a:1\nRUN echo \\\\\nFROM b:1\n", ["a:1", "b:1"]],
  ["an escape that is named too late", "# by hand\n# escape=`\nFROM `\nFROM a:1\n", ["`", "a:1"]],
  ["another escape", "# escape=`\nFROM `\n  ubuntu:1\n", ["ubuntu:1"]],
  [
    "text of heredocs",
    "FROM a:1\nRUN <<EOF cat\nFROM b:1\nEOF\nFROM c:1\nRUN <<-'X'\nFROM d:1\n\tX\nFROM e:1\n",
    ["a:1", "c:1", "e:1"],
  ],
  [
    "several heredocs of one instruction",
    'FROM a:1\nCOPY <<EOF <<"end.of_it" /x/\nFROM b:1\nEOF\nFROM c:1\nend.of_it\nFROM d:1\n',
    ["a:1", "d:1"],
  ],
  [
    "what only looks like a heredoc",
    "FROM a:1\nRUN echo '<<EOF' \"<<EOF\" $((1<<n)) x<<EOF <<<EOF\nFROM b:1\n",
    ["a:1", "b:1"],
  ],
  [
    "a heredoc in a longer text in quotation marks is none",
    'FROM a:1\nRUN echo \'see <<EOF here\' \\" "or <<X"\nFROM b:1\nRUN "a" <<EOF "b"\nFROM c:1\nEOF\nFROM d:1\n',
    ["a:1", "b:1", "d:1"],
  ],
  [
    "heredocs behind a test of the shell, and for later",
    "FROM a:1\nRUN [ -e x ] && cat <<EOF\nFROM b:1\nEOF\nONBUILD RUN <<EOF\nFROM c:1\nEOF\nFROM d:1\n",
    ["a:1", "d:1"],
  ],
  [
    "mounts in quotation marks",
    'FROM scratch\nRUN --mount="type=bind,from=a:1,target=/x" --mount=type=bind,"from=b:1",target=/y x\n',
    ["a:1", "b:1"],
  ],
  [
    "a stage for each processor",
    "FROM a:1 AS build-amd64\nFROM b:1 AS build-arm64\nFROM build-${TARGETARCH}\nFROM build-$TARGETARCH\nFROM c-$TARGETARCH\n",
    ["a:1", "b:1", "c-$TARGETARCH"],
  ],
  ["words that look alike", 'FROM a:1\nRUN ["echo", "<<EOF"]\nFROM b:1\nRUN echo FROM c:1\n', ["a:1", "b:1"]],
  ["windows line ends and a mark", "\uFEFFFROM a:1\r\nFROM b:1 AS c\r\nFROM c\r\n", ["a:1", "b:1"]],
])("%s", (_, text, found) => {
  expect(floating(text)).toEqual(found);
});

test("build arguments that are given come before defaults", () => {
  const text = "ARG BASE=ubuntu:24.04\nARG TAG\nFROM $BASE\nFROM x:$TAG\n";
  expect(floating(text, "BASE=localhost/base", "TAG=a=b", "LF=\n")).toEqual(["x:a=b"]);
});

test("what we print reads as we mean it", () => {
  const file = Containerfile.of({
    args: { TAG: "1 2" },
    stages: [
      {
        name: "a",
        from: pinned("docker.io/library/ubuntu:24.04", digest),
        steps: [Step.comment("FROM x"), Step.run(["echo", "FROM y:1\nFROM z"])],
      },
      {
        name: "b",
        from: "ghcr.io/x/y:1",
        steps: [Step.shell(["echo", "FROM q"]), Step.env({ A: "b \\", B: "FROM q" })],
      },
      { name: "c", from: expanded("x:${TAG}"), steps: [Step.copy(["/x"], "/", { from: "a" })] },
    ],
  });
  expect(floating(file.render(), "TAG=3")).toEqual(["ghcr.io/x/y:1", "x:3"]);
});
