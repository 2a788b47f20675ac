#!/usr/bin/env node
// Proof that the extracted schema is the provider's: HashiCorp's own generator, which made the published bindings, is fed
// with it, and what it emits is compared with them, file by file. Opt-in: it needs packages we do not depend on.
//
//   npm install --prefix /tmp/generator --ignore-scripts @cdktf/provider-generator@0.21.0 @cdktf/commons@0.21.0 \
//     jsii-pacmak@1.112.0
//   node test/support/aws/roundtrip.cjs /tmp/generator/node_modules
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const { createRequire } = require("node:module");
const os = require("node:os");
const path = require("node:path");

const generatorModules = path.resolve(process.argv[2]);
const bindings = path.dirname(require.resolve("@cdktf/provider-aws/package.json"));
const load = createRequire(path.join(generatorModules, "x.js"));
const { TerraformProviderGenerator, CodeMaker } = load("@cdktf/provider-generator");
const { TerraformProviderConstraint } = load("@cdktf/commons");

async function generate(dir) {
  const extractor = path.join(__dirname, "extract.mjs");
  const schema = JSON.parse(execFileSync(process.execPath, [extractor, bindings], { maxBuffer: 256 << 20 }));
  schema.provider_versions = { "registry.terraform.io/hashicorp/aws": schema.x_provider_version };
  const code = new CodeMaker();
  code.indentation = 2;
  const generator = new TerraformProviderGenerator(code, schema);
  generator.generate(new TerraformProviderConstraint("aws@~> 6.0"));
  await generator.save(dir);
}

/** The TypeScript a published file was compiled from. */
function publishedSource(js) {
  const map = /sourceMappingURL=data:application\/json;base64,([\w+/=]+)/.exec(fs.readFileSync(js, "utf8"));
  return JSON.parse(Buffer.from(map[1], "base64").toString()).sourcesContent[0];
}

/** Without the licence header of the publisher and trailing white space. */
function normalised(text) {
  return text
    .replace(/^\/\*\*\n \* Copyright[\s\S]*?\*\/\n\n/, "")
    .replace(/[ \t]+$/gm, "")
    .trimEnd();
}

function compare(generated) {
  let same = 0;
  let lines = 0;
  const differences = [];
  for (const folder of fs.readdirSync(generated, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    const files = fs.readdirSync(path.join(generated, folder.name)).filter((file) => file.endsWith(".ts"));
    for (const file of files) {
      const name = `${folder.name}/${file}`;
      const js = path.join(bindings, "lib", folder.name, file.replace(/\.ts$/, ".js"));
      if (!fs.existsSync(js)) {
        differences.push(`${name}: not published`);
        continue;
      }
      const published = normalised(publishedSource(js)).split("\n");
      const ours = normalised(fs.readFileSync(path.join(generated, name), "utf8")).split("\n");
      lines += published.length;
      const at = published.findIndex((line, index) => line !== ours[index]);
      if (at < 0 && published.length === ours.length) same++;
      else differences.push(`${name}:${at + 1}\n  published: ${published[at]}\n  generated: ${ours[at]}`);
    }
  }
  return { same, lines, differences };
}

async function main() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "gantry-roundtrip-"));
  try {
    await generate(dir);
    const { same, lines, differences } = compare(path.join(dir, "providers/aws"));
    console.log(`${same} files identical (${lines} lines compared), ${differences.length} differ`);
    for (const difference of differences.slice(0, 40)) console.log(difference);
    process.exitCode = same > 0 && differences.length === 0 ? 0 : 1;
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

void main();
