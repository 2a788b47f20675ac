// A program of stacks that use all that writes files, for determinism.test.ts.
import { App, LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import {
  contentHash,
  Duration,
  GeneratedFile,
  renderEnv,
  renderJson,
  renderNixValue,
  renderYaml,
  setFileRoot,
} from "../../lib/index";

const app = new App();
const words = ["İstanbul", "ISTANBUL", "istanbul", "z", "Z", "ä", "a", "10", "9"]; // orders and cases differ by language
for (const name of ["default", "adopting", "sharing"]) {
  const stack = new TerraformStack(app, name);
  new LocalBackend(stack, { path: "terraform.tfstate" });
  new TerraformOutput(stack, "hash", { value: contentHash(words) });
  if (name !== "default") setFileRoot(stack, "adopted");
  const model = { ...Object.fromEntries(words.map((word, i) => [word, i])), since: Duration.hours(36).toString() };
  const settings = Object.fromEntries(words.map((word, i) => [`K${word.replace(/\W/g, "_")}${String(i)}`, word]));
  for (const word of words)
    new GeneratedFile(stack, word, { path: `${name}/${String(words.indexOf(word))}${word}`, content: `${word}\n` });
  new GeneratedFile(stack, "Env", { path: `${name}/settings.env`, content: renderEnv(settings) });
  new GeneratedFile(stack, "Json", { path: `${name}/model.json`, content: renderJson(model) });
  new GeneratedFile(stack, "Yaml", { path: `${name}/model.yaml`, content: renderYaml(model), executable: true });
  new GeneratedFile(stack, "Nix", { path: `${name}/model.nix`, content: renderNixValue(model) });
  new GeneratedFile(stack, "Where", { path: `${name}/where`, content: (context) => renderJson({ ...context }) });
}
app.synth();
