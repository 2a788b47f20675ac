import { Token } from "cdktf";
import { parse } from "yaml";
import type { Data } from "../../../lib/core/render/model";
import { commented, renderYaml, withoutComments } from "../../../lib/core/render/yaml";
import { UNPRINTABLE } from "../../support/hostile";
import { messageOf } from "../../support/project";

test("plain where it can be, quoted where one of the readers would take it for something else", () => {
  const shared = { cpu: 1 };
  const model = {
    name: "build",
    on: { push: { branches: ["main", "release/*"] } },
    image: "ghcr.io/me/x:1.2",
    url: "https://example.com/a?b#c",
    version: "1.10",
    octal: "0o7",
    no: "no",
    merge: "<<",
    empty: "",
    run: "set -eu\necho 'x: y'\n",
    lastLine: "a\nb",
    indented: "  a\nb\n",
    control: "a\u0085b",
    list: [],
    object: {},
    nothing: null,
    yes: true,
    numbers: [1, -0.5, 1e21, 1e-7],
    a: shared,
    b: shared,
    long: "word ".repeat(40),
  };
  expect(renderYaml(model, { header: "# generated\n" })).toBe(`# generated
name: build
"on":
  push:
    branches:
      - main
      - release/*
image: ghcr.io/me/x:1.2
url: https://example.com/a?b#c
version: "1.10"
octal: "0o7"
"no": "no"
merge: "<<"
empty: ""
run: |
  set -eu
  echo 'x: y'
lastLine: |-
  a
  b
indented: "  a\\nb\\n"
control: "a\\u0085b"
list: []
object: {}
nothing: null
"yes": true
numbers:
  - 1
  - -0.5
  - 1000000000000000000000
  - 1.0e-7
a:
  cpu: 1
b:
  cpu: 1
long: "${"word ".repeat(40)}"
`);
});

test("remarks stand behind their values, and a reader sees the values alone", () => {
  const model = {
    steps: [{ uses: commented("actions/checkout@11bd719", "v4.2.2"), with: { depth: commented(0, "all of it") } }],
    no: commented("no", "not: a # boolean"),
  };
  const text = renderYaml(model);
  expect(text).toBe(`steps:
  - uses: actions/checkout@11bd719 # v4.2.2
    with:
      depth: 0 # all of it
"no": "no" # not: a # boolean
`);
  expect(parse(text)).toEqual(withoutComments(model));
});

test("what would not stay in a remark is refused, and a value with a remark is checked as any other", () => {
  const say = (value: number | string, comment: string) =>
    messageOf(() => renderYaml({ a: [commented(value, comment)] }));
  for (const comment of ["x\ny: 1", "x\ry", "x\u2028y", "x\u0085y", "\x1b[2J"])
    expect(say(1, comment)).toBe("the comment of model.a.0 is not one line of printable text");
  expect(say(1, "\0")).toBe("the comment of model.a.0 has a NUL character");
  expect(say(NaN, "x")).toBe("model.a.0 is NaN, which is not a number");
  expect(say(Token.asString({ a: 1 }), "x")).toBe(
    "model.a.0 is a Terraform reference, known only after apply; a generated file cannot hold it",
  );
});

test.each<[unknown, string]>([
  [{ a: [undefined] }, "model.a[0] is undefined, not plain data"],
  [{ a: [, 1] }, "model.a[0] is undefined, not plain data"], // eslint-disable-line no-sparse-arrays
  [{ a: () => 1 }, "model.a is function, not plain data"],
  [{ a: NaN }, "model.a is NaN, which is not a number"],
  [{ a: new Date(0) }, "model.a is a Date, not plain data"],
  [{ a: new Map() }, "model.a is a Map, not plain data"],
  [{ a: 1n }, "model.a is bigint, not plain data"],
])("what is not plain data is refused (%#)", (model, fault) => {
  expect(messageOf(() => renderYaml(model as Data))).toBe(fault);
});

test("what holds itself is refused, what is there twice is not", () => {
  const ring: Record<string, unknown> = {};
  ring.list = [ring];
  expect(messageOf(() => renderYaml(ring as Data))).toBe("model.list[0] holds itself");
});

test.each(UNPRINTABLE)("%j is refused, as a value and as a name", (text, fault) => {
  expect(messageOf(() => renderYaml({ a: [text] }))).toBe(`model.a[0] ${fault}`);
  expect(messageOf(() => renderYaml({ a: { [text]: 1 } }))).toBe(`a key of model.a ${fault}`);
});

test("Terraform references of every kind are refused, wherever they are", () => {
  const says = "is a Terraform reference, known only after apply; a generated file cannot hold it";
  const value = { ref: "x" };
  expect(messageOf(() => renderYaml({ a: `x-${Token.asString(value)}` }))).toBe(`model.a ${says}`);
  expect(messageOf(() => renderYaml([Token.asNumber(value)]))).toBe(`model[0] ${says}`);
  expect(messageOf(() => renderYaml({ a: Token.asList(value) }))).toBe(`model.a ${says}`);
  expect(messageOf(() => renderYaml({ a: Token.asNumberList(value) }))).toBe(`model.a ${says}`);
  expect(messageOf(() => renderYaml({ a: Token.asStringMap(value) }))).toBe(`model.a ${says}`);
  expect(messageOf(() => renderYaml({ a: Token.asAny(value) as unknown as Data }))).toBe(`model.a ${says}`);
  expect(messageOf(() => renderYaml({ a: { [Token.asString(value)]: 1 } }))).toBe(`a key of model.a ${says}`);
});
