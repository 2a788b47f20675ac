// The commands of the generated program, read from the program itself, and the commands that a document names.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readMarkdown } from "./markdown";

const client = join(__dirname, "../../lib/builder/scripts/client");

/** Each command of the dispatch table in `main.sh`, with the options that its help names. */
export function programCommands(): ReadonlyMap<string, ReadonlySet<string>> {
  const main = readFileSync(join(client, "main.sh"), "utf8");
  const dispatch = /case \$command in\n([\s\S]*?)\n {2}esac/.exec(main)?.[1] ?? "";
  const names = [...dispatch.matchAll(/^ {4}([a-z |]+)\)/gm)].flatMap(([, names = ""]) =>
    names.split("|").map((name) => name.trim()),
  );
  const programs = readdirSync(client).map((name) => readFileSync(join(client, name), "utf8"));
  const common = programs.map((text) => /common_flag\(\) \{([\s\S]*?)\n\}/.exec(text)?.[1]).join("\n");
  const helps = new Map(
    programs.flatMap((text) =>
      [...text.matchAll(/^help_([a-z]+)\(\) \{([\s\S]*?)^\}/gm)].map(([, name = "", help = ""]) => [name, help]),
    ),
  );
  return new Map(names.map((name) => [name, new Set([...options(helps.get(name) ?? ""), ...options(common)])]));
}

/** A command of a program that a text names. */
export interface NamedCommand {
  readonly builder: string;
  readonly command: string;
  readonly options: readonly string[];
}

/** The commands `bin/<builder> <command> …` in the code of a Markdown document. */
export function namedCommands(markdown: string): NamedCommand[] {
  const { spans, blocks } = readMarkdown(markdown);
  const shell = blocks.filter(({ language }) => ["bash", "sh", "console"].includes(language)).map(({ code }) => code);
  const lines = [...spans, ...shell.flatMap((code) => code.split("\n"))];
  return lines.flatMap((line) =>
    [...line.matchAll(/(?:^|[\s/(])bin\/([a-z][a-z0-9-]*)(?: +([^#|;&\n]*))?/g)].flatMap(
      ([, builder = "", rest = ""]) => {
        const words = rest.trim().split(/\s+/);
        const command = words.find((word) => /^[a-z]/.test(word));
        return command === undefined ? [] : [{ builder, command, options: options(words.join(" ")) }];
      },
    ),
  );
}

function options(text: string): string[] {
  return [...text.matchAll(/(?:^|[\s[|])(--[a-z][a-z-]*)/g)].map(([, option = ""]) => option);
}
