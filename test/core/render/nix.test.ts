import { Token } from "cdktf";
import { Duration } from "../../../lib/core/duration";
import { nixCode, renderNixValue, type NixValue } from "../../../lib/core/render/nix";
import { UNPRINTABLE } from "../../support/hostile";
import { messageOf } from "../../support/project";

test("values, names that need quotes, code", () => {
  const model = {
    name: "vm1",
    with: true,
    "a b": null,
    "10.1.0.0/24": 1,
    text: 'say "${x}" $${y}\n\t\\',
    imports: [nixCode("./hardware.nix"), nixCode("pkgs.git"), nixCode("f x"), -1, "-1", -0.5],
    price: nixCode("lib.mkForce 3"),
    numbers: { zero: -0, big: 9007199254740991, half: 0.5, tiny: 1e-7 },
    none: [],
    empty: {},
    deep: [{ a: [1] }],
  };
  expect(renderNixValue(model)).toBe(`{
  name = "vm1";
  "with" = true;
  "a b" = null;
  "10.1.0.0/24" = 1;
  text = "say \\"\\\${x}\\" $\\\${y}\\n\\t\\\\";
  imports = [
    ./hardware.nix
    pkgs.git
    (f x)
    (-1)
    "-1"
    (-0.5)
  ];
  price = lib.mkForce 3;
  numbers = {
    zero = 0;
    big = 9007199254740991;
    half = 0.5;
    tiny = 1.0e-7;
  };
  none = [ ];
  empty = { };
  deep = [
    {
      a = [
        1
      ];
    }
  ];
}`);
});

test.each<[unknown, string]>([
  [2 ** 53, "9007199254740992 is beyond the whole numbers that survive printing"],
  [1e21, "1e+21 is beyond the whole numbers that survive printing"],
  [{ a: undefined }, "Nix value.a is undefined, not plain data"],
  [[Infinity], "Nix value[0] is Infinity, which is not a number"],
  [{ idle: Duration.hours(1) }, "Nix value.idle is a Duration, not plain data"],
])("%p is refused", (value, fault) => {
  expect(messageOf(() => renderNixValue(value as NixValue))).toBe(fault);
});

test.each(UNPRINTABLE)("%j is refused, as a value, a name and code", (text, fault) => {
  expect(messageOf(() => renderNixValue([text]))).toBe(`Nix value[0] ${fault}`);
  expect(messageOf(() => renderNixValue({ [text]: 1 }))).toBe(`a key of Nix value ${fault}`);
  expect(messageOf(() => nixCode(text))).toBe(`Nix code ${fault}`);
});

test("Terraform references of every kind are refused", () => {
  const says = "is a Terraform reference, known only after apply; a generated file cannot hold it";
  const value = { ref: "x" };
  for (const reference of [
    Token.asString(value),
    Token.asNumber(value),
    Token.asList(value),
    Token.asStringMap(value),
  ]) {
    expect(messageOf(() => renderNixValue({ a: reference }))).toBe(`Nix value.a ${says}`);
  }
  expect(messageOf(() => renderNixValue({ [Token.asString(value)]: 1 }))).toBe(`a key of Nix value ${says}`);
  expect(messageOf(() => nixCode(Token.asString(value)))).toBe(`Nix code ${says}`);
});
