import type {
  ContainerfileMount,
  ContainerfileProps,
  ContainerfileStage,
  ContainerfileStep,
  ContainerfileText,
} from "./containerfile.model";
import { Expanded } from "./expanded";
import { PinnedImage } from "./pinned-image";

/**
 * Build argument whose value is a line feed. A line of a Containerfile cannot hold one, and no quoting makes one; a build
 * argument can. Stages that need it declare it, and who builds passes it.
 */
export const LINE_FEED_ARG = "GANTRY_LF";

/** Prints a Containerfile that podman 4.3, docker's classic builder and BuildKit read alike. */
export function renderContainerfile({ args = {}, stages }: ContainerfileProps): string {
  const globals = Object.entries(args).map(([name, value]) =>
    value === null ? `ARG ${name}` : `ARG ${name}=${word(value)}`,
  );
  return [...(globals.length > 0 ? [globals.join("\n")] : []), ...stages.map(stageText)]
    .map((part) => `${part}\n`)
    .join("\n");
}

/** Whether something in the stage needs {@link LINE_FEED_ARG}. */
export function needsLineFeed({ steps = [] }: ContainerfileStage): boolean {
  return steps.some((step) => stepText(step).includes(`\${${LINE_FEED_ARG}}`));
}

function stageText(stage: ContainerfileStage): string {
  const { name, from, platform, steps = [] } = stage;
  const tag = from instanceof PinnedImage ? /:([^:/]*)$/.exec(from.reference)?.[1] : undefined;
  return [
    ...(tag === undefined ? [] : [`# ${tag}`]),
    `FROM ${platform === undefined ? "" : `--platform=${platform} `}${from instanceof Expanded ? from.text : String(from)} AS ${name}`,
    ...(needsLineFeed(stage) ? [`ARG ${LINE_FEED_ARG}`] : []),
    ...steps.map(stepText),
  ].join("\n");
}

function stepText(step: ContainerfileStep): string {
  switch (step.kind) {
    case "arg":
      return step.value === undefined ? `ARG ${step.name}` : `ARG ${step.name}=${word(step.value)}`;
    case "env":
      return pairs("ENV", step.values);
    case "label":
      return pairs("LABEL", step.values);
    case "run":
      return `RUN ${options(step.mounts)}${list(step.command)}`;
    case "shell":
      return `RUN ${options(step.mounts)}${step.commands.join(" && \\\n    ")}`;
    case "copy": {
      const { from, owner, mode } = step;
      const flags = [
        ...(from === undefined ? [] : [`--from=${String(from)} `]),
        ...(owner === undefined ? [] : [`--chown=${owner} `]),
        ...(mode === undefined ? [] : [`--chmod=${mode} `]),
      ];
      return `COPY ${flags.join("")}${list([...step.sources, step.to].map(word))}`;
    }
    case "workdir":
      return `WORKDIR ${word(step.path)}`;
    case "user":
      return `USER ${word(step.user)}`;
    case "default-shell":
      return `SHELL ${list(step.command)}`;
    case "stop-signal":
      return `STOPSIGNAL ${step.signal}`;
    case "entrypoint":
      return `ENTRYPOINT ${list(step.command)}`;
    case "cmd":
      return `CMD ${list(step.command)}`;
    case "expose":
      return `EXPOSE ${step.port}/${step.protocol ?? "tcp"}`;
    case "volume":
      return `VOLUME ${list(step.paths.map(word))}`;
    case "healthcheck": {
      const flags = [
        ["interval", step.intervalSeconds, "s"],
        ["timeout", step.timeoutSeconds, "s"],
        ["start-period", step.startPeriodSeconds, "s"],
        ["retries", step.retries, ""],
      ] as const;
      const given = flags.flatMap(([name, value, unit]) => (value === undefined ? [] : [`--${name}=${value}${unit} `]));
      return `HEALTHCHECK ${given.join("")}CMD ${list(step.command)}`;
    }
    case "comment":
      return step.text
        .split(/[\n\r]/)
        .map((line) => `# ${line}`.trimEnd())
        .join("\n");
  }
}

function pairs(instruction: string, values: Readonly<Record<string, ContainerfileText>>): string {
  return `${instruction} ${Object.entries(values)
    .map(([name, value]) => `${name}=${word(value)}`)
    .join(" \\\n    ")}`;
}

function options(mounts: readonly ContainerfileMount[] = []): string {
  return mounts.map((mount) => `--mount=${fields(mount).join(",")} `).join("");
}

function fields(mount: ContainerfileMount): string[] {
  const known = Object.entries(mount as Readonly<Record<string, unknown>>);
  const order = ["type", "id", "from", "source", "target", "sharing", "required", "uid", "gid"];
  const given = known
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  const required: [string, unknown][] =
    mount.type === "secret" && mount.required === undefined ? [["required", true]] : [];
  return [...given, ...required].map(([name, value]) => `${name}=${String(value)}`);
}

/**
 * One word of an instruction in which the engine expands variables (ENV, LABEL, ARG, COPY, WORKDIR, USER, VOLUME). Between
 * single quotes all but the quote itself stays what it is, in every engine's reader.
 */
function word(value: ContainerfileText): string {
  if (typeof value === "string") return literal(value);
  return value.parts.map((part, i) => (i % 2 === 1 ? `"\${${part}}"` : part === "" ? "" : literal(part))).join("");
}

function literal(value: string): string {
  if (/^[A-Za-z0-9_./:@%+,-]+$/.test(value)) return value;
  return value
    .split("\n")
    .map((line) => `'${line.replaceAll("'", "'\\''")}'`)
    .join(`"\${${LINE_FEED_ARG}}"`);
}

/** A list as JSON. Characters that a terminal or an editor would hide are written as their numbers. */
function list(words: readonly string[]): string {
  return JSON.stringify(words).replace(
    /[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
