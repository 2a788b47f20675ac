// What both workflows have in common. All that a stack decides stands in `env`: the scripts are the same text everywhere, so
// nothing can be injected into them, and shellcheck reads them as they run.
import { commented, type YamlModel } from "../../core/render/yaml";
import { ACTIONS, type Action } from "./actions";

/** A part of a workflow: names to plain data with remarks. */
export type Part = Readonly<Record<string, YamlModel>>;

/** How a job comes to the generated program. */
export interface ProgramSource {
  /** The program, relative to the repository, for example `"bin/image"`. */
  readonly program: string;
  /** Command that generates it; `undefined`: it is committed. */
  readonly synthCommand: string | undefined;
  /** Version of Node.js for the command. */
  readonly nodeVersion: string;
  /** Container engine of the stack's builder. */
  readonly engine: "podman" | "docker";
}

/** A GitHub expression. Only ever a value of `env`, `with`, `if` or `concurrency`. */
export const expression = (text: string) => `\${{ ${text} }}`;

/** The workflow's own token, for one step. It ends with the job. */
export const token = (name: string): Part => ({ [name]: expression("github.token") });

/** A step that uses somebody's action, by commit, with the version beside it. */
export function uses(name: string, action: Action, rest: Part = {}): Part {
  return { name, uses: commented(`${action.name}@${action.commit}`, action.version), ...rest };
}

/** A step that runs a script. */
export function run(name: string, script: readonly string[], rest: Part = {}): Part {
  return { name, ...rest, run: script.length > 1 ? script.map((line) => `${line}\n`).join("") : (script[0] ?? "") };
}

/** A right of a job, with what it is for. */
export const right = (access: "read" | "write", reason: string) => commented(access, reason);

/** Brings the sources and the program. The clone keeps no token that a build could find. */
export function programSteps({ synthCommand, nodeVersion, engine }: ProgramSource): Part[] {
  return [
    uses("Check out", ACTIONS.checkout, { with: { "persist-credentials": false } }),
    ...(synthCommand === undefined
      ? []
      : [
          // Its cache would be written by pull requests too.
          uses("Set up Node.js", ACTIONS.setupNode, {
            with: { "node-version": nodeVersion, "package-manager-cache": false },
          }),
          run("Generate the programs", [synthCommand]),
        ]),
    run(
      "Bring what the runner lacks",
      [
        "missing=()",
        'for tool in "$ENGINE" skopeo git rsync; do',
        '  command -v "$tool" >/dev/null || missing+=("$tool")',
        "done",
        'if [ "${#missing[@]}" -gt 0 ]; then',
        "  sudo apt-get update -qq",
        '  sudo apt-get install -y -qq --no-install-recommends "${missing[@]}"',
        "fi",
      ],
      { env: { ENGINE: engine } },
    ),
  ];
}

/** First line of a workflow. */
export const header = (stack: string) =>
  `# Made from the stack "${stack}" by cdktf-gantry: change it there and synthesize again.\n`;
