import fc from "fast-check";
import { Size } from "../../lib/core/size";
import { messageOf } from "../support/project";

test("units", () => {
  expect([Size.mebibytes(512), Size.gibibytes(20), Size.tebibytes(2)].map((s) => s.toMebibytes())).toEqual([
    512, 20480, 2097152,
  ]);
  expect(
    [Size.mebibytes(1), Size.mebibytes(1024), Size.mebibytes(1025), Size.mebibytes(0)].map((s) => s.toGibibytes()),
  ).toEqual([1, 1, 2, 0]);
});

test.each([
  ["512Mi", 512, "512Mi"],
  ["20Gi", 20480, "20Gi"],
  ["20 GiB", 20480, "20Gi"],
  ["1.5Gi", 1536, "1536Mi"],
  ["2Ti", 2097152, "2Ti"],
  ["2048Gi", 2097152, "2Ti"],
  ["0Mi", 0, "0Mi"],
])("%s is read, and written in the largest unit", (text, mib, shortest) => {
  expect(Size.parse(text).toMebibytes()).toBe(mib);
  expect(Size.parse(text).toString()).toBe(shortest);
});

test.each(["", "20", "20G", "20GB", "20g", "Gi", "-1Gi", "1,5Gi", "1Ki", "20Gi\n", 3n])("%p is refused", (text) => {
  expect(messageOf(() => Size.parse(text as string))).toBe(
    `got ${typeof text === "string" ? JSON.stringify(text) : text}; allowed: a size such as "512Mi", "20Gi" or "2Ti"`,
  );
});

test.each([
  [() => Size.gibibytes(-1), "Size.gibibytes: got -1"],
  [() => Size.mebibytes(0.5), "Size.mebibytes: got 0.5"],
  [() => Size.tebibytes(NaN), "Size.tebibytes: got NaN"],
  [() => Size.parse("0.0001Gi"), "Size.parse: got 0.0001"],
  [() => Size.gibibytes("1" as never), 'Size.gibibytes: got "1"'],
  [() => Size.gibibytes(null as never), "Size.gibibytes: got null"],
  [() => Size.gibibytes(1n as never), "Size.gibibytes: got 1"],
])("%s is refused", (make, got) => {
  expect(messageOf(make)).toBe(`${got}; allowed: a size of zero or more, in whole MiB`);
});

test("every size is read back from its text", () => {
  fc.assert(fc.property(fc.nat(), (mib) => Size.parse(Size.mebibytes(mib).toString()).toMebibytes() === mib));
});
