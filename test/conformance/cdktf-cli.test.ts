// CDKTF's own deploy, diff and destroy with OpenTofu and nothing but a mirror on disk. At home opt-in, because it downloads
// 420 MB of a CLI that we do not depend on: GANTRY_TEST_CDKTF_CLI=1 npx jest cdktf-cli
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsMirror } from "../support/aws/mirror";
import { terraformTools } from "../support/terraform";
import { withTools } from "../support/tools";

const root = join(__dirname, "../..");
const wanted = process.env.CI === "true" || process.env.GANTRY_TEST_CDKTF_CLI === "1";
const optIn = wanted ? test : test.skip;

withTools(terraformTools, () => {
  optIn(
    "npx cdktf-cli deploys, sees nothing to change, and destroys",
    () => {
      const project = mkdtempSync(join(tmpdir(), "gantry-cdktf-"));
      const cdktf = (...args: readonly string[]) => {
        const env = {
          ...process.env,
          TF_CLI_CONFIG_FILE: join(project, "mirror.tfrc"),
          TERRAFORM_BINARY_NAME: "tofu",
          TS_NODE_PROJECT: join(root, "tsconfig.json"),
          CI: "1",
        };
        // The CLI would ask the registry for checksums, mirror or not.
        const all = ["--yes", "cdktf-cli@0.21.0", ...args, "--skip-provider-lock"];
        const done = spawnSync("npx", all, { cwd: project, env, encoding: "utf8" });
        if (done.status !== 0) throw new Error(`cdktf ${args.join(" ")}:\n${done.stdout}${done.stderr}`);
        return done.stdout;
      };
      try {
        writeFileSync(
          join(project, "mirror.tfrc"),
          `provider_installation { filesystem_mirror { path = ${JSON.stringify(awsMirror())} } }\n`,
        );
        cpSync(join(root, "cdktf.json"), join(project, "cdktf.json"));
        const app = `node -r ${require.resolve("ts-node/register")} ${join(root, "stacks/main.ts")}`;
        const stacks = ["gpu-builder", "gpu-builder-local"];
        cdktf("deploy", ...stacks, "--app", app, "--auto-approve", "--outputs-file", "out.json");
        expect(JSON.parse(readFileSync(join(project, "out.json"), "utf8"))).toMatchObject({
          "gpu-builder": { builder: { ssh_command: "ssh -i ~/.ssh/id_ed25519 ubuntu@127.0.0.1" } },
        });
        expect(cdktf("diff", "gpu-builder", "--app", app)).toContain("No changes.");
        expect(cdktf("destroy", ...stacks, "--app", app, "--auto-approve")).toContain(
          "Destroy complete! Resources: 10 destroyed.",
        );
      } finally {
        rmSync(project, { recursive: true, force: true });
      }
    },
    300_000,
  );
});
