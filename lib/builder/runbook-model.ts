import { Duration } from "../core/duration";
import type { EnvModel } from "../core/render/env";
import { codeSpan } from "../core/render/markdown";
import { buildOrder, type ImageBuild } from "./image-builds";

/** What the runbook of a builder is written from: what its program reads, and nothing else. */
export interface RunbookModel {
  /** The builder's id: its program is `bin/<id>`. */
  readonly id: string;
  /** Settings as `builder.env` has them. */
  readonly settings: EnvModel;
  /** Its images. */
  readonly images: readonly ImageBuild[];
  /** Whether the host runs Red Hat Enterprise Linux; `undefined`: not known at synth. */
  readonly rhel: boolean | undefined;
  /** Whether the stack named its file root, which is the project directory then. */
  readonly adoptedRoot: boolean;
}

/** The same in the words of the runbook's sections. */
export interface Runbook {
  readonly id: string;
  readonly kind: "ec2" | "existing" | "local";
  /** Where the project directory is, seen from the runbook. */
  readonly projectDirectory: string;
  /** Whether ssh goes through AWS Systems Manager. */
  readonly ssm: boolean;
  /** The host in a few words. */
  readonly host: string;
  readonly engine: string;
  readonly project: string;
  /** Where the sources are on the host, with `~/`. */
  readonly remoteRoot: string;
  readonly tmuxSession: string;
  readonly maxIterations: number;
  readonly minFreeGib: number;
  readonly keepSnapshots: number;
  readonly gpu: boolean;
  readonly rhel: boolean | undefined;
  /** For example `"30m"`; `undefined`: never. */
  readonly idleStop: string | undefined;
  readonly maxAge: string | undefined;
  /** `"home"`, `"storage"`, or `""` for no data volume. */
  readonly dataHolds: string;
  /** Each after the images it is `FROM`. */
  readonly images: readonly ImageBuild[];
  /** Name of an image to show commands with. */
  readonly example: string;
  /** A command of the program as a line for a shell. */
  run(...words: string[]): string;
  /** The same as a code span. */
  cmd(...words: string[]): string;
}

/** @throws Error when the settings lack one that the runbook speaks of. */
export function readRunbook({ id, settings, images, rhel, adoptedRoot }: RunbookModel): Runbook {
  const text = (name: string): string => {
    const value = settings[name];
    if (value === undefined) throw new Error(`the settings of "${id}" have no ${name}, which its runbook speaks of`);
    return String(value);
  };
  const period = (name: string) => (text(name) === "" ? undefined : Duration.seconds(Number(text(name))).toString());
  const run = (...words: string[]) => [`bin/${id}`, ...words].join(" ");
  const byName = new Map(images.map((build) => [build.image.imageName, build]));
  const ordered = buildOrder(images).flatMap((name) => byName.get(name) ?? []);
  const kind = text("HOST_KIND") as Runbook["kind"];
  const user = text("HOST_USER");
  const login = user === "" ? "" : `${user}@`;
  const hosts = {
    ec2: () => `an EC2 instance of this stack; you are ${codeSpan(user)} there`,
    existing: () =>
      `${codeSpan(`${login}${text("HOST_ADDRESS")}`)}${text("HOST_PORT") === "22" ? "" : `, port ${text("HOST_PORT")}`}`,
    local: () => "the machine you run the program on",
  };
  return {
    id,
    kind,
    projectDirectory: adoptedRoot ? "that same directory" : "the nearest one above with `cdktf.json`",
    ssm: text("ACCESS") === "ssm",
    host: hosts[kind](),
    engine: text("ENGINE"),
    project: text("PROJECT"),
    remoteRoot: `~/${text("REMOTE_ROOT")}`,
    tmuxSession: text("TMUX_SESSION"),
    maxIterations: Number(text("MAX_ITERATIONS")),
    minFreeGib: Number(text("MIN_FREE_GIB")),
    keepSnapshots: Number(text("KEEP_SNAPSHOTS")),
    gpu: text("GPU") !== "none",
    rhel,
    idleStop: period("IDLE_STOP_SECONDS"),
    maxAge: period("MAX_AGE_SECONDS"),
    dataHolds: text("DATA_HOLDS"),
    images: ordered,
    example: ordered.at(-1)?.image.imageName ?? "IMAGE",
    run,
    cmd: (...words) => codeSpan(run(...words)),
  };
}
