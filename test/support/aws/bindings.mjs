// Reads one generated binding of @cdktf/provider-aws: what the TypeScript source in its inline source map declares.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** All TypeScript sources of one binding folder; big ones are split in several files. */
export function sourcesOf(dir) {
  const sources = readdirSync(dir)
    .filter((file) => file.endsWith(".js"))
    .map((file) => {
      const text = readFileSync(join(dir, file), "utf8");
      const map = /sourceMappingURL=data:application\/json;base64,([\w+/=]+)/.exec(text)?.[1];
      return map === undefined ? "" : JSON.parse(Buffer.from(map, "base64").toString()).sourcesContent[0];
    });
  return sources.join("\n");
}

/** The declarations of one binding, or null if there is no resource, data source or provider among them. */
export function readBinding(source) {
  const declarations = new Map(); // "interface X" | "function x" | "class X" -> its head and body
  for (const [, kind, name, head, body] of source.matchAll(
    /^export (interface|function|class) (\w+)([^\n]*)\{\n([\s\S]*?)^\}/gm,
  )) {
    declarations.set(`${kind} ${name}`, { head, body });
  }
  const base = /extends cdkt[fn]\.Terraform(Resource|DataSource|Provider)/;
  const main = [...declarations].find(([, { head }]) => base.test(head));
  if (main === undefined) return null;
  const [declared, { head, body }] = main;
  return {
    name: declared.slice("class ".length),
    kind: base.exec(head)[1],
    type: /tfResourceType = "([^"]+)"/.exec(body)[1],
    body,
    providerVersion: /providerVersion: '([^']+)'/.exec(source)?.[1],
    interfaceBody: (name) => declarations.get(`interface ${name}`)?.body ?? "",
    functionBody: (name) => declarations.get(`function ${name}`)?.body ?? "",
    classBody: (name) => declarations.get(`class ${name}`)?.body,
  };
}

/** What an interface offers, by Terraform name: block or attribute, optional or not, its description. */
export function inputsOf(interfaceBody) {
  const inputs = new Map();
  for (const [, comment, , optional, type] of interfaceBody.matchAll(
    / {2}\/\*\*\n([\s\S]*?)\n {2}\*\/\n {2}readonly (\w+)(\??): (.*);/g,
  )) {
    const lines = comment.split("\n").map((line) => line.replace(/^ {2}\* ?/, ""));
    const link = lines.findIndex((line) => line.startsWith("Docs at Terraform Registry:"));
    const name = /#(\w+)\}$/.exec(lines[link])[1];
    const description = lines.slice(0, Math.max(0, link - 1)).join("\n");
    inputs.set(name, {
      isOptional: optional === "?",
      isArray: type.includes("[]"),
      isBlock: description === `${name} block`,
      description: description === "" ? undefined : description,
    });
  }
  return inputs;
}

/** Of every attribute that can be set: list, set, map, struct or simple, and the class that stores it. */
export function storageOf(functionBody) {
  const found = functionBody.matchAll(
    /^ {4,6}(\w+): \{\n\s+value: [^\n]*\n\s+isBlock: (?:true|false),\n\s+type: "(\w+)",\n\s+storageClassType: "(\w+)",/gm,
  );
  return new Map([...found].map(([, name, type, storage]) => [name, { type, storage }]));
}

/** Every attribute with its flags and the code of its accessors. */
export function outputsOf(classBody) {
  const found = classBody.matchAll(
    /^ {2}\/\/ (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n([\s\S]*?)(?=^ {2}\/\/ \w+ - computed|^ {2}\/\/ =====|$(?![\s\S]))/gm,
  );
  return [...found].map(([, name, computed, optional, required, code]) => ({
    name,
    isComputed: computed === "true",
    isOptional: optional === "true",
    isRequired: required === "true",
    code,
  }));
}
