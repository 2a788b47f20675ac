import type { ModeTarget } from "./mode-targets";

/** What a Makefile or justfile of build modes is made from. */
export interface TargetsModel {
  /** The program, relative to the directory of the file, for example `"bin/image"`. */
  readonly program: string;
  readonly targets: readonly ModeTarget[];
}

/** A Makefile for GNU make whose targets call the program. Values of CONFIG, REF and ARGS reach it as they are. */
export function renderMakefile({ program, targets }: TargetsModel): string {
  const groups = [...new Set(targets.map(({ group }) => group))];
  return [
    "# Short names for the program that does the work; `make help` shows them with the times they took.",
    "# CONFIG=FILE names a deployment, REF=REF a commit, ARGS='--dry-run' gives options, FORCE=1 answers yes.",
    ".DEFAULT_GOAL := help",
    "",
    "# The directory of this file. The functions of make would split it at spaces.",
    `export GANTRY_IMAGE := $(shell list='$(subst ','\\'',$(MAKEFILE_LIST))'; file="$\${list# }"; [ -f "$$file" ] || file="$\${list##* }"; cd -- "$$(dirname -- "$$file")" && pwd -P)/${program}`,
    "# As they were given: make would look for variables in them.",
    "override CONFIG := $(value CONFIG)",
    "override REF := $(value REF)",
    "override ARGS := $(value ARGS)",
    "export CONFIG REF ARGS FORCE",
    "",
    `.PHONY: help ${targets.map(({ name }) => name).join(" ")}`,
    "",
    "help:",
    '\t@"$$GANTRY_IMAGE" help targets',
    ...groups.flatMap((group) => [
      "",
      `# ${group}`,
      ...targets.filter((each) => each.group === group).flatMap((each) => ["", `${each.name}:`, `\t@${recipe(each)}`]),
    ]),
    "",
  ].join("\n");
}

function recipe({ words, option }: ModeTarget): string {
  const command = `"$$GANTRY_IMAGE" ${words.join(" ")}`;
  if (option === undefined) return `${command} $$ARGS`;
  const { variable, flag } = option;
  return `set -- $$ARGS; [ -z "$$${variable}" ] || set -- ${flag} "$$${variable}" "$$@"; ${command} "$$@"`;
}
