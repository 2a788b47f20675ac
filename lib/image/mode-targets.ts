import type { Duration } from "../core/duration";

/** How long a mode may take before `image history` warns. */
export interface ModeBudgets {
  readonly base: Duration;
  readonly fast: Duration;
  readonly clean: Duration;
  readonly nuclear: Duration;
}

/** One target of the Makefile and the justfile: a name for a command of the program `image`. */
export interface ModeTarget {
  readonly name: string;
  readonly group: "Build" | "Cache" | "Cycle";
  readonly description: string;
  /** What it was planned to take; "" for what takes no time worth saying. */
  readonly time: string;
  readonly when: string;
  /** What the run log calls it; "" for what is not measured. */
  readonly mode: string;
  /** Words of the program. */
  readonly words: readonly string[];
  /** Variable that becomes an option when it is set. */
  readonly option?: { readonly variable: "CONFIG" | "REF"; readonly flag: string };
}

/** The targets of build modes, each with `prefix` in front. */
export function modeTargets(prefix: string, budgets: ModeBudgets): ModeTarget[] {
  const upTo = (budget: Duration) => `up to ${budget.toString()}`;
  const config = { variable: "CONFIG", flag: "--config" } as const;
  const targets: ModeTarget[] = [
    target(
      "Build",
      "docker-build-base",
      "Build base image",
      upTo(budgets.base),
      "Toolchain changes",
      "build-base",
      "build --base",
    ),
    target(
      "Build",
      "docker-build-fast",
      "Build using base",
      upTo(budgets.fast),
      "Daily work",
      "build-fast",
      "build --dev",
    ),
    target(
      "Build",
      "docker-build-fast-nocache",
      "Build without caches",
      "",
      "Odd build errors",
      "build-fast-nocache",
      "build --dev --no-cache",
    ),
    {
      ...target(
        "Build",
        "docker-build-from-source",
        "Build what is pushed",
        "",
        "Before a merge (REF=…)",
        "build-from-source",
        "build --dev --from-source",
      ),
      option: { variable: "REF", flag: "--ref" },
    },
    target("Cache", "cache-status", "Show what caches use", "", "", "", "status --caches"),
    target("Cache", "cache-clear-soft", "Clear incremental, mirrors", "", "Stale incremental state", "", "clear soft"),
    target("Cache", "cache-clear-medium", "Clear targets, build caches", "", "Corrupted caches", "", "clear medium"),
    target("Cache", "cache-clear-hard", "Clear all but the base", "", "Room is short", "", "clear hard"),
    target("Cache", "cache-nuke", "Clear everything", "", "Start from nothing", "", "clear nuke"),
    {
      ...target(
        "Cycle",
        "cycle-fast",
        "Build, verify, deploy",
        upTo(budgets.fast),
        "Daily work",
        "cycle-fast",
        "cycle fast",
      ),
      option: config,
    },
    {
      ...target(
        "Cycle",
        "cycle-clean",
        "The same without caches",
        upTo(budgets.clean),
        "Things break",
        "cycle-clean",
        "cycle clean",
      ),
      option: config,
    },
    {
      ...target(
        "Cycle",
        "cycle-nuclear",
        "The same, base included",
        upTo(budgets.nuclear),
        "Rarely",
        "cycle-nuclear",
        "cycle nuclear",
      ),
      option: config,
    },
  ];
  return targets.map((each) => ({ ...each, name: `${prefix}${each.name}` }));
}

function target(
  group: ModeTarget["group"],
  name: string,
  description: string,
  time: string,
  when: string,
  mode: string,
  words: string,
): ModeTarget {
  return { name, group, description, time, when, mode, words: words.split(" ") };
}

/** The table for `image help targets`: lines of name, description, time, when and mode, with tabs between. */
export function targetTable(targets: readonly ModeTarget[]): string {
  const line = ({ name, description, time, when, mode }: ModeTarget) =>
    `${[name, description, time || "-", when || "-", mode || "-"].join("\t")}\n`;
  return targets.map(line).join("");
}
