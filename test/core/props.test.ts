import { App, TerraformOutput, TerraformStack, Testing, Token } from "cdktf";
import { Construct } from "constructs";
import { z } from "zod";
import { Duration } from "../../lib/core/duration";
import { GantryError } from "../../lib/core/errors";
import { Host } from "../../lib/core/host";
import { instanceOf, parseProps, parseValue, tokenOr } from "../../lib/core/props";
import { showValue } from "../../lib/core/show-value";

let stack: TerraformStack;
beforeEach(() => {
  stack = new TerraformStack(Testing.app(), "dev");
});

class RemoteBuilder extends Construct {}

/** The whole text that a construct with this schema says of these props. */
function complaint(schema: z.ZodType, props: unknown): string {
  try {
    parseProps(new RemoteBuilder(stack, "builder"), schema, props);
  } catch (error) {
    expect(error).toBeInstanceOf(GantryError);
    return (error as Error).message;
  }
  return "no complaint";
}

/** The same without the headline. */
function faults(schema: z.ZodType, value: unknown): string[] {
  try {
    parseValue("value", schema, value);
  } catch (error) {
    const [headline, ...lines] = (error as Error).message.split("\n");
    expect(headline).toBe("value: invalid props");
    return lines.map((line) => line.replace(/^ {2}/, ""));
  }
  return [];
}

const builder = z.strictObject({
  imageId: tokenOr(z.string().min(1)),
  maxJobs: z.int().min(1).max(64).default(4),
  disk: z.strictObject({ sizeGib: z.int().min(8), kind: z.enum(["gp3", "io2"]).optional() }).optional(),
  sshFrom: z.array(z.string().max(20)).optional(),
});

test("one error names the construct, its class and every fault", () => {
  expect(
    complaint(builder, {
      imageID: "ami-1",
      maxJobs: 0,
      disk: { sizeGib: 4.5, kind: "gp2" },
      sshFrom: ["a", 7],
      wheels: 4,
    }),
  ).toBe(`[dev/builder] RemoteBuilder: invalid props
  imageId: missing; allowed: text of at least 1 character
  maxJobs: got 0; allowed: a whole number from 1 to 64
  disk.sizeGib: got 4.5; allowed: a whole number of at least 8
  disk.kind: got "gp2"; allowed: one of "gp3", "io2"
  sshFrom[1]: got 7; allowed: text of at most 20 characters
  imageID: unknown property; did you mean "imageId"?
  wheels: unknown property; allowed: imageId, maxJobs, disk, sshFrom`);
});

test("the error carries its faults as data", () => {
  expect.assertions(1);
  try {
    parseValue("Host.existing", builder, { imageId: "", disk: null });
  } catch (error) {
    expect((error as GantryError).faults).toEqual([
      { property: "imageId", message: 'got ""; allowed: text of at least 1 character' },
      { property: "disk", message: "got null; allowed: an object with sizeGib, kind" },
    ]);
  }
});

test.each([
  [undefined, "props: missing; allowed: an object with imageId, maxJobs, disk, sshFrom"],
  [null, "props: got null; allowed: an object with imageId, maxJobs, disk, sshFrom"],
  ["x", 'props: got "x"; allowed: an object with imageId, maxJobs, disk, sshFrom'],
])("props that are %j", (props, line) => {
  expect(complaint(builder, props)).toBe(`[dev/builder] RemoteBuilder: invalid props\n  ${line}`);
});

describe("what is allowed, in words", () => {
  test.each<[string, z.ZodType, unknown, string]>([
    ["a pattern", z.string().regex(/^a+$/), "b", 'got "b"; allowed: text that matches /^a+$/'],
    ["a description", z.string().regex(/^a+$/).describe("some a"), "b", 'got "b"; allowed: some a'],
    ["a described optional", z.string().optional().describe("a name"), 1, "got 1; allowed: a name"],
    [
      "two checks that fail, once",
      z.string().min(3).regex(/^a+$/),
      "b",
      'got "b"; allowed: text of at least 3 characters that matches /^a+$/',
    ],
    ["a form", z.email(), "b", 'got "b"; allowed: text in the form of email'],
    ["a start", z.string().startsWith("ami-"), "b", 'got "b"; allowed: text that starts with "ami-"'],
    ["a bound that is not included", z.number().positive(), 0, "got 0; allowed: a number above 0"],
    ["two bounds", z.number().gt(0).lt(1), 1, "got 1; allowed: a number above 0 and below 1"],
    ["a multiple", z.int().multipleOf(5), 3, "got 3; allowed: a whole number, a multiple of 5"],
    ["not a number", z.number(), NaN, "got NaN; allowed: a number"],
    ["a boolean", z.boolean(), "yes", 'got "yes"; allowed: true or false'],
    ["a literal", z.literal("on"), "off", 'got "off"; allowed: "on"'],
    ["null or something", z.string().nullable(), 1, "got 1; allowed: text, or null"],
    ["an exact length", z.array(z.string()).length(2), ["a"], 'got ["a"]; allowed: a list of 2 elements, each text'],
    ["at least one", z.array(z.string()).min(1), [], "got []; allowed: a list of at least 1 element, each text"],
    ["a tuple", z.tuple([z.string(), z.int()]), ["a"], 'got ["a"]; allowed: a list of text, a whole number'],
    ["something lazy", z.lazy(() => z.string()), 1, "got 1; allowed: text"],
    ["a class", instanceOf(Duration, "a Duration"), 5, "got 5; allowed: a Duration"],
    [
      "a rule without words",
      z
        .string()
        .refine(() => false)
        .describe("x"),
      "y",
      'got "y"; allowed: x',
    ],
    [
      "a rule in its own words",
      z
        .string()
        .describe("x")
        .refine(() => false, "allowed: z"),
      "y",
      'got "y"; allowed: z',
    ],
  ])("%s", (_name, schema, value, message) => {
    expect(faults(z.strictObject({ p: schema }), { p: value })).toEqual([`p: ${message}`]);
  });
});

describe("unions", () => {
  const volume = z.union([z.string(), z.strictObject({ name: z.string(), sizeGib: z.int() })]);
  const target = z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("local"), size: z.int() }),
    z.strictObject({ kind: z.literal("ssh"), size: z.string(), host: z.string() }),
  ]);

  test("the option that was meant is the one that is explained", () => {
    expect(faults(z.strictObject({ volume }), { volume: { name: 1, sizegib: 2 } })).toEqual([
      "volume.name: got 1; allowed: text",
      "volume.sizeGib: missing; allowed: a whole number",
      'volume.sizegib: unknown property; did you mean "sizeGib"?',
    ]);
  });

  test("when none was, all are", () => {
    expect(faults(volume, 3)).toEqual(["props: got 3; allowed: text, or an object with name, sizeGib"]);
  });

  test("a named kind picks the option", () => {
    expect(faults(z.strictObject({ to: target }), { to: { kind: "ssh", size: 1, hots: "h" } })).toEqual([
      "to.size: got 1; allowed: text",
      "to.host: missing; allowed: text",
      'to.hots: unknown property; did you mean "host"?',
    ]);
  });

  test("faults inside a prop that may be a reference are named one by one", () => {
    const disk = tokenOr(z.strictObject({ sizeGib: z.int(), tags: z.array(z.string()) }));
    expect(
      faults(z.strictObject({ disk: disk.optional() }), { disk: { sizeGib: "8", tags: ["a", 1], typ: "x" } }),
    ).toEqual([
      'disk.sizeGib: got "8"; allowed: a whole number',
      "disk.tags[1]: got 1; allowed: text",
      "disk.typ: unknown property; allowed: sizeGib, tags",
    ]);
  });
});

test("names in a record are checked, and shown so that they can be found", () => {
  const args = z.record(z.string().regex(/^\w+$/).describe("a name of letters"), z.string());
  expect(faults(z.strictObject({ args }), { args: { "a b": "x", c: 1 } })).toEqual([
    'args["a b"]: got the name "a b"; allowed: a name of letters',
    "args.c: got 1; allowed: text",
  ]);
});

test("rules between props are told beside single faults", () => {
  const schema = z.strictObject({ from: z.int(), to: z.int() }).refine(({ from, to }) => from < to, {
    path: ["to"],
    error: "allowed: more than from",
  });
  expect(faults(schema, { from: 2, to: 1 })).toEqual(["to: got 1; allowed: more than from"]);
});

describe("Terraform references", () => {
  const references = () => ({
    text: Token.asString({ ref: "a" }),
    "text within text": `id-${Token.asString({ ref: "a" })}`,
    number: Token.asNumber({ ref: "a" }),
    list: Token.asList({ ref: "a" }),
    map: Token.asStringMap({ ref: "a" }),
    "an IResolvable": Token.asAny({ ref: "a" }),
  });

  test.each(Object.keys(references()))("%s goes through tokenOr unchanged", (kind) => {
    const given = references()[kind as "text"];
    const schema = z.strictObject({ p: tokenOr(z.string().regex(/^never$/)), q: z.array(tokenOr(z.int())) });
    const parsed = parseValue("value", schema, { p: given, q: [given, 1] });
    expect(parsed.p).toBe(given);
    expect(parsed.q[0]).toBe(given);
  });

  test("elsewhere one is refused, also where a check would let it slip through", () => {
    const { text, number, list } = references();
    const schema = z.strictObject({
      name: z.string(),
      size: z.number(),
      names: z.array(z.string()),
      deep: z.array(z.record(z.string(), z.string())).optional(),
      kind: z.enum(["a", "b"]),
      both: z.union([z.string(), z.boolean()]),
    });
    const given = "got a Terraform reference (known only after apply)";
    expect(
      faults(schema, { name: text, size: number, names: list, deep: [{ a: text }], kind: text, both: text }),
    ).toEqual([
      `kind: ${given}; allowed: one of "a", "b"`,
      `name: ${given}; allowed: text`,
      `size: ${given}; allowed: a number`,
      `names: ${given}; allowed: a list, each text`,
      `deep[0].a: ${given}; allowed: text`,
      `both: ${given}; allowed: text, or true or false`,
    ]);
  });

  test("what is not looked into may hold one", () => {
    const { text } = references();
    const schema = z.strictObject({ values: z.record(z.string(), z.unknown()), any: z.custom<object>(() => true) });
    expect(faults(schema, { values: { a: { b: [text] } }, any: { c: text } })).toEqual([]);
  });
});

describe("the result", () => {
  test("has defaults filled in and is frozen all the way down", () => {
    const schema = z.strictObject({ n: z.int().default(4), disk: z.strictObject({ tags: z.array(z.string()) }) });
    const parsed = parseValue("value", schema, { disk: { tags: ["a"] } });
    expect(parsed).toEqual({ n: 4, disk: { tags: ["a"] } });
    expect([parsed, parsed.disk, parsed.disk.tags].every((value) => Object.isFrozen(value))).toBe(true);
  });

  test("is detached from what was given, which stays as it was, also where a schema looks at nothing", () => {
    const given = { values: { list: [1, { deep: true }] }, own: { a: [1] } };
    const schema = z.strictObject({
      values: z.record(z.string(), z.unknown()),
      own: z.custom<{ a: number[] }>(() => true),
    });
    const parsed = parseValue("value", schema, given);
    given.values.list.push(2);
    given.own.a.push(2);
    expect(parsed).toEqual({ values: { list: [1, { deep: true }] }, own: { a: [1] } });
  });

  test("keeps the identity of constructs, classes of ours, and frozen values", () => {
    const given = { construct: new RemoteBuilder(stack, "other"), time: Duration.hours(1), host: Host.local() };
    const schema = z.strictObject({
      construct: instanceOf(RemoteBuilder, "a builder"),
      time: instanceOf(Duration, "a Duration"),
      host: z.custom<Host>(() => true),
    });
    const parsed = parseValue("value", schema, given);
    expect(parsed.construct).toBe(given.construct);
    expect(parsed.time).toBe(given.time);
    expect(parsed.host).toBe(given.host);
    expect(Object.isFrozen(given.construct)).toBe(false);
  });

  test("may hold itself", () => {
    const ring: Record<string, unknown> = { name: "ring" };
    ring.self = ring;
    const parsed = parseValue("value", z.strictObject({ ring: z.custom<typeof ring>(() => true) }), { ring });
    expect(parsed.ring.self).toBe(parsed.ring);
  });
});

describe("a value in an error", () => {
  test.each([
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==",
    "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    "github_pat_11AAAAAAA",
    "token ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    "AKIAIOSFODNN7EXAMPLE",
    "glpat-x",
    "xoxb-1",
    "tskey-auth-x",
    "hf_x",
    "AGE-SECRET-KEY-1X",
    "Bearer abc",
    "https://me:hunter2@example.com/x.git",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
  ])("is never the secret %j", (secret) => {
    const schema = z.strictObject({ a: z.int(), b: z.strictObject({ c: z.int() }), d: z.int() });
    const said = faults(schema, { a: secret, b: [{ c: [secret] }], d: { [secret]: 1, x: secret }, [secret]: 1 });
    expect(said.join("\n")).not.toContain(secret);
    expect(said.join("\n")).not.toContain(JSON.stringify(secret).slice(1, -1));
    expect(faults(z.int(), secret)).toEqual(["props: got a secret (not shown); allowed: a whole number"]);
  });

  test("is shown when it only names one, as environments of Kubernetes do", () => {
    expect(showValue("redis://:$(REDIS_PASSWORD)@redis:6379")).toBe('"redis://:$(REDIS_PASSWORD)@redis:6379"');
    expect(showValue("redis://:$(A)hunter2@redis:6379")).toBe("a secret (not shown)");
  });

  test("is not shown for a property that is called a secret", () => {
    const schema = z.strictObject({ password: z.string().min(20), apiKeys: z.array(z.int()), db: z.int() });
    expect(
      faults(schema, { password: "hunter2", apiKeys: ["hunter2"], db: { pass: 1, dbPassword: "hunter2" } }),
    ).toEqual([
      "password: got a secret (not shown); allowed: text of at least 20 characters",
      "apiKeys[0]: got a secret (not shown); allowed: a whole number",
      'db: got {"pass":1,"dbPassword":"(not shown)"}; allowed: a whole number',
    ]);
  });

  test("is shown for what only sounds like one", () => {
    expect(
      faults(z.strictObject({ sshPublicKey: z.int(), secrets: z.int() }), { sshPublicKey: "a", secrets: "b" }),
    ).toEqual(['sshPublicKey: got "a"; allowed: a whole number', 'secrets: got "b"; allowed: a whole number']);
  });

  test("is short, on one line, whatever it is", () => {
    const ring: Record<string, unknown> = { again: "ring" };
    ring.self = ring;
    const shared = { x: 1 };
    const named = () => 1;
    expect(showValue("a\nb")).toBe('"a\\nb"');
    expect(showValue("😀".repeat(90))).toBe(`"${"😀".repeat(78)}…`);
    expect(showValue(ring)).toBe('{"again":"ring","self":"(again)"}');
    expect(showValue([shared, shared])).toBe('[{"x":1},{"x":1}]');
    expect(showValue(10n)).toBe("10");
    expect(showValue({ a: 10n })).toBe('{"a":"10"}');
    expect(showValue(Symbol("s"))).toBe("Symbol(s)");
    expect(showValue(named)).toBe("the function named");
    expect(showValue(new RemoteBuilder(stack, "b"))).toBe('RemoteBuilder "dev/b"');
    expect(showValue({ b: new RemoteBuilder(stack, "c") })).toBe('{"b":"dev/c"}');
    expect(showValue({ id: Token.asString({ ref: 1 }) })).toBe('{"id":"(a Terraform reference)"}');
    expect(showValue(-0.5)).toBe("-0.5");
  });
});

test("a prop of a wrong name is not guessed at too boldly", () => {
  const schema = z.strictObject({
    ami: z.string().optional(),
    port: z.int().optional(),
    address: z.string().optional(),
  });
  expect(faults(schema, { ab: 1, prot: 22, adress: "x", x: 1 })).toEqual([
    "ab: unknown property; allowed: ami, port, address",
    'prot: unknown property; did you mean "port"?',
    'adress: unknown property; did you mean "address"?',
    "x: unknown property; allowed: ami, port, address",
  ]);
});

test("props keep their meaning in Terraform", () => {
  const app = new App({ outdir: Testing.app().outdir });
  const lab = new TerraformStack(app, "lab");
  const id = Token.asString({ "Fn::Ref": "x" });
  const { imageId } = parseValue("value", builder, { imageId: `ami-${id}` });
  expect(new TerraformOutput(lab, "id", { value: imageId }).value).toBe(`ami-${id}`);
});
