// Lints snippets with the repository's configuration: [{file, text}…] on standard input, messages of each on standard
// output. A program of its own because jest cannot load an ES module configuration.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
// Without types: a snippet then need not be a file of the program.
const untyped = { languageOptions: { parserOptions: { projectService: false } } };
const eslint = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked, untyped] });

const results = [];
for (const { file, text } of JSON.parse(readFileSync(0, "utf8"))) {
  const [result] = await eslint.lintText(text, { filePath: join(root, file) });
  const found = result.messages.filter(({ ruleId, fatal }) => fatal || /import|globals|properties/.test(ruleId ?? ""));
  results.push(found.map(({ message }) => message));
}
process.stdout.write(JSON.stringify(results));
