import { Token } from "cdktf";
import { renderJson } from "../../../lib/core/render/json";
import { UNPRINTABLE } from "../../support/hostile";
import { messageOf } from "../../support/project";

test("two spaces, the order given, a final newline", () => {
  expect(renderJson({ b: 1, a: ["x", null, true, {}], c: { d: 1.5 } })).toBe(`{
  "b": 1,
  "a": [
    "x",
    null,
    true,
    {}
  ],
  "c": {
    "d": 1.5
  }
}
`);
});

test("what JSON would drop or change in silence is refused", () => {
  expect(messageOf(() => renderJson({ a: undefined } as never))).toBe("model.a is undefined, not plain data");
  expect(messageOf(() => renderJson([Infinity]))).toBe("model[0] is Infinity, which is not a number");
  expect(messageOf(() => renderJson({ n: Token.asNumber({ ref: "x" }) }))).toBe(
    "model.n is a Terraform reference, known only after apply; a generated file cannot hold it",
  );
});

test.each(UNPRINTABLE)("%j is refused", (text, fault) => {
  expect(messageOf(() => renderJson({ a: text }))).toBe(`model.a ${fault}`);
});
