import { Token } from "cdktf";
import fc from "fast-check";
import { contentHash } from "../../lib/core/content-hash";
import type { Data } from "../../lib/core/render/model";
import { messageOf } from "../support/project";

test("is the same for ever: it is part of names on hosts and in registries", () => {
  expect(contentHash({ b: [1, "x", null, true], a: { d: 1.5, c: "é" } })).toBe(
    "21b4df20de6f7196890608f86a6b53c959a3fd839334026ddeb5d7f228716d9a",
  );
});

test("does not see the order of keys, at any depth", () => {
  expect(contentHash({ a: { x: 1, y: 2 }, b: 1 })).toBe(contentHash({ b: 1, a: { y: 2, x: 1 } }));
});

const data = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Data>;

test("equal data, equal hash; shuffled or read back from JSON", () => {
  const shuffled = (value: Data): Data => {
    if (Array.isArray(value)) return (value as readonly Data[]).map(shuffled);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value as Record<string, Data>)
        .reverse()
        .map(([key, item]) => [key, shuffled(item)]),
    );
  };
  const printable = data.filter((value) => !/\\u0000|\\ud[89a-f]/.test(JSON.stringify(value)));
  fc.assert(
    fc.property(printable, (value) => {
      const hash = contentHash(value);
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      expect(contentHash(shuffled(value))).toBe(hash);
      expect(contentHash(JSON.parse(JSON.stringify(value)) as Data)).toBe(hash);
    }),
  );
});

test("different data, different hash", () => {
  const all: Data[] = [
    "",
    "1",
    1,
    0,
    null,
    true,
    "null",
    "true",
    [],
    {},
    [[]],
    [{}],
    ["", ""],
    ["a", "b"],
    ["b", "a"],
    "a,b",
    ["a,b"],
  ];
  all.push(
    { a: "b" },
    { a: ["b"] },
    { "a:b": 1 },
    { a: { b: 1 } },
    ["a", ["b"]],
    [["a"], "b"],
    '["a","b"]',
    '{"a":"b"}',
  );
  expect(new Set(all.map(contentHash)).size).toBe(all.length);
});

test("what is not known yet, or is not data, has no hash", () => {
  const says = "is a Terraform reference, known only after apply; a generated file cannot hold it";
  expect(messageOf(() => contentHash({ a: [Token.asString({ ref: "x" })] }))).toBe(`hashed data.a[0] ${says}`);
  expect(messageOf(() => contentHash({ a: Token.asNumber({ ref: "x" }) }))).toBe(`hashed data.a ${says}`);
  expect(messageOf(() => contentHash({ a: undefined } as never))).toBe("hashed data.a is undefined, not plain data");
});
