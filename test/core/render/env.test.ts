import { Token } from "cdktf";
import { renderEnv, shellQuote, type EnvModel } from "../../../lib/core/render/env";
import { UNPRINTABLE } from "../../support/hostile";
import { messageOf } from "../../support/project";

test("one sorted line per setting", () => {
  expect(renderEnv({ B: 2, A: "x y", _C1: true, D: "it's", E: "", F: "a\nb" })).toBe(
    "A='x y'\nB='2'\nD='it'\\''s'\nE=''\nF='a\nb'\n_C1='true'\n",
  );
  expect(renderEnv({})).toBe("");
});

test.each([
  [{ "a-b": "x" }, '"a-b" is not a shell variable name'],
  [{ "1A": "x" }, '"1A" is not a shell variable name'],
  [{ "": "x" }, '"" is not a shell variable name'],
  [{ "A\nB": "x" }, '"A\\nB" is not a shell variable name'],
  [{ UID: 1 }, "UID is set by the shell itself"],
  [{ _: "x" }, "_ is set by the shell itself"],
  [{ A: NaN }, "A is NaN, which is not a number"],
  [{ A: Infinity }, "A is Infinity, which is not a number"],
  [{ A: undefined }, "A is undefined, not plain data"],
  [{ A: null }, "A is null; allowed: text, a number, true or false"],
  [{ A: ["a", "b"] }, 'A is ["a","b"]; allowed: text, a number, true or false'],
  [
    { A: Token.asString({ ref: "x" }) },
    "A is a Terraform reference, known only after apply; a generated file cannot hold it",
  ],
  [
    { A: Token.asNumber({ ref: "x" }) },
    "A is a Terraform reference, known only after apply; a generated file cannot hold it",
  ],
])("%j is refused", (model, fault) => {
  expect(messageOf(() => renderEnv(model as unknown as EnvModel))).toBe(fault);
});

test.each(UNPRINTABLE)("%j is refused", (text, fault) => {
  expect(messageOf(() => renderEnv({ A: text }))).toBe(`A ${fault}`);
  expect(messageOf(() => shellQuote(text))).toBe(`a shell word ${fault}`);
});

test("a shell word keeps a Terraform reference: commands in Terraform outputs are quoted with it", () => {
  const reference = Token.asString({ ref: "x" });
  expect(shellQuote(`me@${reference}`)).toBe(`'me@${reference}'`);
});
