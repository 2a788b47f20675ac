// The commands of the generated program, read from the program itself, and the commands that a document names.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readMarkdown } from "./markdown";

const lib = join(__dirname, "../../lib");

/** Each command of the table in `program.sh` of a directory below `lib`, with the options that its help names. */
export function programCommands(directory = "builder/scripts/client"): ReadonlyMap<string, ReadonlySet<string>> {
  const scripts = join(lib, directory);
  const table = readFileSync(join(scripts, "program.sh"), "utf8");
  const dispatch = /case \$1 in\n([\s\S]*?)\n {2}esac/.exec(table)?.[1] ?? "";
  const names = [...dispatch.matchAll(/^ {4}([a-z |-]+)\)/gm)].flatMap(([, names = ""]) =>
    names.split("|").map((name) => name.trim()),
  );
  const programs = readdirSync(scripts).map((name) => readFileSync(join(scripts, name), "utf8"));
  const everywhere = readFileSync(join(lib, "core/scripts/common.sh"), "utf8");
  const common = /common_flag\(\) \{([\s\S]*?)\n\}/.exec(everywhere)?.[1] ?? "";
  const helps = new Map(
    programs.flatMap((text) =>
      [...text.matchAll(/^help_([a-z-]+)\(\) \{([\s\S]*?)^\}/gm)].map(([, name = "", help = ""]) => [name, help]),
    ),
  );
  return new Map(names.map((name) => [name, new Set([...options(helps.get(name) ?? ""), ...options(common)])]));
}

/** A command of a program that a text names. */
export interface NamedCommand {
  readonly program: string;
  readonly command: string;
  readonly options: readonly string[];
}

/** The commands `bin/<program> <command> …` in the code of a Markdown document. */
export function namedCommands(markdown: string): NamedCommand[] {
  const { spans, blocks } = readMarkdown(markdown);
  const shell = blocks.filter(({ language }) => ["bash", "sh", "console"].includes(language)).map(({ code }) => code);
  const lines = [...spans, ...shell.flatMap((code) => code.split("\n"))];
  return lines.flatMap((line) =>
    [...line.matchAll(/(?:^|[\s/(])bin\/([a-z][a-z0-9-]*)(?: +([^#|;&\n]*))?/g)].flatMap(
      ([, program = "", rest = ""]) => {
        const words = rest.trim().split(/\s+/);
        const command = words.find((word) => /^[a-z]/.test(word));
        return command === undefined ? [] : [{ program, command, options: options(words.join(" ")) }];
      },
    ),
  );
}

function options(text: string): string[] {
  return [...text.matchAll(/(?:^|[\s[|])(--[a-z][a-z-]*)/g)].map(([, option = ""]) => option);
}
