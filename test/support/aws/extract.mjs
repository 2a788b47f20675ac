#!/usr/bin/env node
// Rebuilds the provider's schema, in the form of `terraform providers schema -json`, from the bindings generated from it.
// usage: extract.mjs DIR_OF_@cdktf/provider-aws >schema.json     also @cdktn/provider-aws; no network, no dependencies
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inputsOf, outputsOf, readBinding, sourcesOf, storageOf } from "./bindings.mjs";

// The bindings whose schema cannot be told from the generated code (recursive or skipped attributes, split files), as
// roundtrip.cjs found: left out, so that what is served is only what regenerates the bindings byte for byte.
const UNFAITHFUL = new Set([
  "aws_cloudwatch_log_transformer",
  "aws_lexv2models_intent",
  "aws_lexv2models_slot",
  "aws_medialive_channel",
  "aws_quicksight_analysis",
  "aws_quicksight_dashboard",
  "aws_quicksight_data_set",
  "aws_quicksight_template",
  "aws_wafv2_rule_group",
  "aws_wafv2_web_acl",
  "aws_wafv2_web_acl_association",
  "data.aws_appmesh_virtual_node",
  "data.aws_quicksight_data_set",
]);

const PRIMITIVES = { string: "string", number: "number", boolean: "bool", any: "dynamic" };

const warnings = [];

/** `stringListMap` and the like as a type; list or set of the outermost level is known where the value is set. */
function typeOfStorage(storage, outer, where) {
  const [, primitive, levels] =
    /^(string|number|boolean|any)((?:List|Map)*)$/.exec(storage) ?? fail(`${where}: storage class ${storage}`);
  if (primitive === "any" && levels === "Map") return "dynamic";
  let type = PRIMITIVES[primitive];
  const kinds = levels.match(/List|Map/g) ?? [];
  for (const [index, kind] of kinds.entries()) {
    const isOutermost = index === kinds.length - 1;
    if (!isOutermost && kind === "List") warnings.push(`${where}: inner list or set unknown, took list`);
    type = [kind === "Map" ? "map" : isOutermost && outer === "set" ? "set" : "list", type];
  }
  return type;
}

/** The schema of one binding. */
function schemaOf(binding) {
  // A nested structure: its class, the interface of what can be set in it, the function that stores it.
  const structure = (name, where) => {
    const inputs = inputsOf(binding.interfaceBody(name));
    const storage = storageOf(binding.functionBody(`${name[0].toLowerCase()}${name.slice(1)}ToHclTerraform`));
    const classBody = binding.classBody(`${name}OutputReference`);
    const outputs =
      classBody !== undefined
        ? outputsOf(classBody)
        : // Blocks of a provider have no such class: they can only be set.
          [...inputs].map(([name, { isOptional }]) => ({ name, isOptional, isRequired: !isOptional, code: "" }));
    return block(outputs, inputs, storage, where);
  };

  const block = (outputs, inputs, storage, where) => {
    const attributes = {};
    const block_types = {};
    for (const output of outputs) {
      const path = `${where}.${output.name}`;
      const input = inputs.get(output.name);
      const stored = storage.get(output.name);
      const nested = nestedClass(output, input, stored);
      if (nested !== undefined && input?.isBlock) {
        block_types[output.name] = nestedBlock(output, input, stored, nested, structure(nested.name, path));
        continue;
      }
      const type =
        nested !== undefined
          ? objectType(nested, structure(nested.name, path), path)
          : stored !== undefined
            ? stored.type === "simple"
              ? PRIMITIVES[stored.storage]
              : typeOfStorage(stored.storage, stored.type, path)
            : typeOfAccessor(output.code, path);
      attributes[output.name] = {
        type,
        ...(input?.description === undefined ? {} : { description: input.description }),
        ...(output.isRequired ? { required: true } : {}),
        ...(output.isOptional ? { optional: true } : {}),
        ...(output.isComputed ? { computed: true } : {}),
      };
    }
    return { attributes, block_types };
  };

  const inputs = inputsOf(binding.interfaceBody(`${binding.name}Config`));
  const result = block(outputsOf(binding.body), inputs, storageOf(binding.body), binding.type);
  const lost = [...inputs.keys()].filter((name) => !result.attributes[name] && !result.block_types[name]);
  if (lost.length > 0) fail(`${binding.type}: inputs without an attribute: ${lost}`);
  return result;
}

/** The class that holds a nested value, and how: one (OutputReference), List, Map, or lists and maps of these. */
function nestedClass(output, input, stored) {
  const made =
    /new (?!cdkt[fn]\.)(\w+?)(OutputReference|MapList|ListMap|ListList|List|Map)\(this, "\w+"(?:, (true|false))?\)/.exec(
      output.code,
    );
  if (made !== null) return { name: made[1], holder: made[2], isSet: made[3] === "true" };
  if (input === undefined || stored === undefined || !/^[A-Z]/.test(stored.storage)) return undefined;
  const name = stored.storage.replace(/(List|Map)+$/, "");
  return { name, holder: stored.type === "struct" ? "OutputReference" : "List", isSet: stored.type === "set" };
}

function nestedBlock(output, input, stored, nested, block) {
  if (stored.type === "struct") return { nesting_mode: "single", block };
  const atMostOne = nested.holder === "OutputReference" || !input.isArray;
  return {
    nesting_mode: stored.type,
    block,
    ...(output.isRequired ? { min_items: 1 } : {}),
    ...(atMostOne ? { max_items: 1 } : {}),
  };
}

function objectType({ holder, isSet }, { attributes, block_types }, where) {
  if (Object.keys(block_types).length > 0) fail(`${where}: block inside an attribute`);
  const object = ["object", Object.fromEntries(Object.entries(attributes).map(([name, { type }]) => [name, type]))];
  const outer = isSet ? "set" : "list";
  return {
    OutputReference: object,
    List: [outer, object],
    Map: ["map", object],
    MapList: [outer, ["map", object]],
    ListMap: ["map", ["list", object]],
    ListList: ["list", ["list", object]],
  }[holder];
}

/** The type of an attribute that can only be read: its accessor says it. */
function typeOfAccessor(code, where) {
  const complex = /new cdkt[fn]\.(\w+?)((?:List|Map)+)\(this, "\w+"(?:, (true|false))?\)/.exec(code);
  if (complex !== null) {
    return typeOfStorage(complex[1].toLowerCase() + complex[2], complex[3] === "true" ? "set" : "list", where);
  }
  const wrapped = String.raw`return (?:cdkt[fn]\.Token\.asNumberList\()?(cdkt[fn]\.Fn\.tolist\()?this\.get`;
  const getter =
    new RegExp(String.raw`${wrapped}(String|Number|Boolean|Any)?(List|Map|)Attribute\(`).exec(code) ??
    new RegExp(String.raw`${wrapped}(Number)?(List)Attribute\(`).exec(code);
  if (getter !== null) {
    const [, toList, primitive, holder] = getter;
    if (holder === "") return PRIMITIVES[primitive.toLowerCase()];
    return typeOfStorage((primitive ?? "string").toLowerCase() + holder, toList === undefined ? "list" : "set", where);
  }
  warnings.push(`${where}: type not in the bindings, took dynamic`);
  return "dynamic";
}

function extract(packageDir) {
  const lib = join(packageDir, "lib");
  const resources = {};
  const data = {};
  let provider;
  let version;
  for (const folder of readdirSync(lib)) {
    const dir = join(lib, folder);
    if (!statSync(dir).isDirectory() || folder === "functions" || folder === "ephemeral") continue;
    const binding = readBinding(sourcesOf(dir));
    if (binding === null) {
      warnings.push(`${folder}: nothing found`);
      continue;
    }
    const isData = binding.kind === "DataSource";
    if (UNFAITHFUL.has(isData ? `data.${binding.type}` : binding.type)) continue;
    const schema = { version: 0, block: schemaOf(binding) };
    if (binding.kind === "Provider") {
      delete schema.block.attributes.alias; // Terraform's own, not the provider's
      provider = schema;
      version = binding.providerVersion;
    } else {
      (isData ? data : resources)[binding.type] = schema;
    }
  }
  const { name, version: release } = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8"));
  return {
    format_version: "1.0",
    x_provider_version: version,
    x_source: `${name}@${release}`,
    provider_schemas: {
      "registry.terraform.io/hashicorp/aws": { provider, resource_schemas: resources, data_source_schemas: data },
    },
  };
}

function fail(message) {
  throw new Error(message);
}

process.stdout.write(`${JSON.stringify(extract(process.argv[2]), null, 1)}\n`);
if (process.env.EXTRACT_WARNINGS === "1") for (const warning of warnings) console.error(`warning: ${warning}`);
