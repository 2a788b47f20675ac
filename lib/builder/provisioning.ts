import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Lazy, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { FileSynthesizer } from "../core/file-synthesizer";
import { sha256 } from "../core/disk";
import type { GeneratedFile } from "../core/generated-file";
import { planSteps, type PlannedStep } from "../core/remote-step";
import { shellQuote, type EnvModel } from "../core/render/env";
import { TerraformData } from "../core/terraform-data";
import type { Ec2Machine } from "./ec2-machine";
import { HOST_PROGRAMS } from "./programs";

/** Settings that setup acts on: a change of any of them makes it run again. */
const SETUP_SETTINGS = ["ENGINE", "REMOTE_ROOT", "GPU", "DRIVER", "IDLE_STOP_SECONDS", "MAX_AGE_SECONDS", "DATA_HOLDS"];

/** What must happen on a builder's host before it can build. Reads the programs from disk: call it at synth. */
export function setupSteps(settings: EnvModel): PlannedStep[] {
  const environment = SETUP_SETTINGS.flatMap((name): [string, string][] => {
    const value = settings[name];
    return value === undefined ? [] : [[name, String(value)]];
  });
  return planSteps([
    {
      kind: "copy",
      id: "programs",
      source: "lib/gantry/host",
      target: ".gantry/lib/current",
      content: HOST_PROGRAMS.names.map((name) => [name, sha256(readFileSync(join(HOST_PROGRAMS.directory, name)))]),
    },
    {
      kind: "run",
      id: "setup",
      command: ["bash", ".gantry/lib/current/setup.sh"],
      environment: Object.fromEntries(environment),
    },
  ]);
}

/**
 * Has Terraform set the host up too: one built-in `terraform_data` that runs the builder's own program, with its pinned
 * host key, its waiting and its exit codes, whenever the instance or anything setup depends on has changed. The program
 * cannot ask Terraform where the machine is while Terraform runs, so it is told.
 */
export function addProvisioning(
  scope: Construct,
  program: GeneratedFile,
  settings: EnvModel,
  machine: Ec2Machine | undefined,
): TerraformData {
  const files = FileSynthesizer.install(TerraformStack.of(scope));
  const command = Lazy.stringValue({
    produce: () => `${shellQuote(files.fromStackDirectory(program.path))} setup --yes`,
  });
  const trigger = Lazy.stringValue({ produce: () => setupSteps(settings).at(-1)?.trigger });
  const volume = machine?.dataVolume && { volume: machine.dataVolume.id };
  return new TerraformData(scope, "Setup", {
    triggersReplace: { steps: trigger, ...(machine && { instance: machine.instance.id }), ...volume },
    ...(machine && { dependsOn: [...machine.prerequisites] }),
    provisioners: [
      {
        type: "local-exec",
        command,
        interpreter: ["/bin/sh", "-c"],
        ...(machine && {
          environment: {
            GANTRY_ADDRESS: machine.publicIp,
            GANTRY_INSTANCE_ID: machine.instance.id,
            GANTRY_DATA_VOLUME_ID: machine.dataVolume?.id ?? "",
          },
        }),
      },
    ],
  });
}
