import { codeBlock, codeSpan, plainText, table } from "../core/render/markdown";
import { renderAgentWorkflow } from "./runbook-agent.render";
import { readRunbook, type Runbook, type RunbookModel } from "./runbook-model";
import { renderTroubleshooting } from "./runbook-troubleshooting.render";

/** Writes `RUNBOOK.md`: how to work with one builder, with the names it really has. */
export function renderRunbook(model: RunbookModel): string {
  const book = readRunbook(model);
  const sections = [
    introduction,
    prerequisites,
    overview,
    firstTime,
    session,
    syncAndBuild,
    loop,
    commands,
    freshBuilds,
    verification,
    renderTroubleshooting,
    exitCodes,
    renderAgentWorkflow,
  ];
  return `${sections.map((section) => section(book).trim()).join("\n\n")}\n`;
}

function introduction({
  id,
  host,
  engine,
  project,
  remoteRoot,
  keepSnapshots,
  minFreeGib,
  gpu,
  dataHolds,
  idleStop,
  maxAge,
  projectDirectory,
}: Runbook): string {
  const volume = { home: "the home directories", storage: "the images" }[dataHolds];
  const stops = [idleStop && `after ${idleStop} without work`, maxAge && `${maxAge} after boot, whatever runs`];
  const rows = [
    ["Builder", host],
    ["Engine", `${engine}${gpu ? "; containers may use the NVIDIA GPU" : ""}`],
    [
      "Sources there",
      `${codeSpan(`${remoteRoot}/IMAGE/current`)}; the last ${keepSnapshots} versions of each image are kept`,
    ],
    ["Free disk", minFreeGib === 0 ? "not checked" : `no build starts with less than ${minFreeGib} GiB`],
    ...(volume ? [["Data volume", `holds ${volume} and outlives the instance`]] : []),
    ...(idleStop || maxAge ? [["Stops itself", stops.filter(Boolean).join("; ")]] : []),
    ["Label", `${codeSpan(`io.gantry.project=${project}`)} on every image that it builds`],
  ];
  return `# Runbook: ${plainText(id)}

Edit here, sync to the builder, build there, read what failed, fix it here, repeat. The stack writes this file at every
synth: change the stack, not the file.

Commands are written as seen from the directory above this file, the one with \`bin/\`; the program may be called from
anywhere, also through a link on your PATH. Contexts of images are relative to the project directory:
${projectDirectory}.

${table(["What", "Here"], rows)}`;
}

function prerequisites({ kind, ssm, engine, images, cmd }: Runbook): string {
  const here = {
    ec2: [
      "bash, git, perl, rsync, ssh and tar",
      "tofu or terraform with AWS credentials, for `up`, `down` and to find a changed address",
      `the AWS CLI, for \`start\` and \`stop\`${ssm ? "; with the Session Manager plugin, through which ssh goes: no port is open" : ""}`,
    ],
    existing: ["bash, git, perl, rsync, ssh and tar", "a login on the host, with sudo without a password for `setup`"],
    local: [`bash, git, perl, rsync and tar`, `Linux with ${engine}; \`setup\` installs what is missing, with sudo`],
  }[kind];
  const secrets = images.flatMap(({ image }) =>
    image.secrets.map(
      ({ id, file }) =>
        `${codeSpan(file)}: build secret ${codeSpan(id)} of ${codeSpan(image.imageName)}, read when a build runs`,
    ),
  );
  return `## Prerequisites

On your machine:

${list([...here, ...secrets])}
${cmd("doctor")} checks the programs.`;
}

function overview({ images, kind, id }: Runbook): string {
  const numbers = new Map(images.map(({ image }, i) => [image.imageName, `image${i + 1}`]));
  const nodes = images.map(
    ({ image, tag }) => `        ${numbers.get(image.imageName)}[${label(`${image.imageName}:${tag}`)}]`,
  );
  const edges = images.flatMap(({ image }) =>
    image.bases.map(({ imageName }) => `        ${numbers.get(imageName)} -->|FROM| ${numbers.get(image.imageName)}`),
  );
  const order =
    images.length === 0
      ? []
      : [`    subgraph images [${label("Images, in the order they are built")}]`, ...nodes, ...edges, "    end"];
  return `## Overview

${codeBlock("mermaid", [
  "flowchart TD",
  `    edit[${label("Edit files here")}] --> sync[${label(kind === "local" ? "Sync to a snapshot" : `Sync to ${id}`)}]`,
  `    sync --> build[${label(kind === "local" ? "Build" : `Build on ${id}`)}]`,
  `    build --> check{${label("Exit code 0?")}}`,
  `    check -->|yes| done([${label("Go on to testing")}])`,
  `    check -->|no| read[${label("Read the step that failed")}]`,
  `    read --> edit`,
  ...order,
])}`;
}

function firstTime({ kind, run, example, gpu, rhel, cmd }: Runbook): string {
  const lines = {
    ec2: [
      [run("up"), "makes the instance (tofu apply), waits for it, sets it up; once more after a change of the stack"],
    ],
    existing: [[run("setup"), "engine, tools, directories; changes only what is not so yet"]],
    local: [[run("setup"), "engine, tools, directories; changes only what is not so yet, and needs sudo for that"]],
  }[kind];
  const check = [
    [run("doctor"), "everything is there?"],
    [run("build", example), "first image"],
  ];
  const notes = [
    ...(kind === "local"
      ? []
      : ["The host's key is pinned at the first contact, unless the stack gives it; a changed key is refused."]),
    ...(gpu && kind !== "local"
      ? [`A new GPU driver may need a restart of the host: exit code 77, then ${cmd("setup --yes")}.`]
      : []),
    ...(rhel === true
      ? [
          `Builds that install RHEL packages need a registered host: ${cmd("setup --rhsm-org ORG --rhsm-key-file FILE")}.`,
        ]
      : []),
  ];
  return `## First time

${codeBlock("bash", commented([...lines, ...check]))}
${list(notes)}`;
}

function session({ kind, run, tmuxSession, cmd }: Runbook): string {
  if (kind === "local") {
    return `## 1. Session

Nothing to open: the builder is this machine.`;
  }
  return `## 1. Session

${codeBlock(
  "bash",
  commented([
    [run("ssh"), `tmux session "${tmuxSession}" on the builder: opened, or attached again`],
    [run("ssh --local"), `the same inside a tmux session of that name on your machine`],
    [run("shell"), "a plain shell, no tmux"],
  ]),
)}
The session runs on the builder, so it survives a lost network: ${cmd("ssh")} comes back to it. Builds do not need it.`;
}

function syncAndBuild({ run, cmd, kind, images, example, engine, remoteRoot }: Runbook): string {
  const order = images.map(({ image }) => codeSpan(image.imageName)).join(", ");
  const local = kind === "local";
  return `## 2. Sync and build

${codeBlock(
  "bash",
  commented([
    [run("build", example), "sync, then build; nothing to do when this very content is built already"],
    [run("sync", example), "sync alone"],
    ...(images.length > 1 ? [[run("build"), "all images"]] : []),
  ]),
)}
What git sees is copied: tracked and new files, not ignored ones (without git, what \`.dockerignore\` lets through). So \`.env\` and
its like stay ${local ? "where they are" : "here"}. The copy is a directory of its own for each content, ${codeSpan(`${remoteRoot}/IMAGE/HASH`)}; ${engine} builds
there, and the tag moves after a success only.
${images.some(({ image }) => image.bases.length > 0) ? `\nWhat an image is \`FROM\` is built before it: ${order}.\n` : ""}
The build does not hang on ${local ? "the terminal" : "the connection"}: after Ctrl-C${local ? "" : " or a lost network"}, ${cmd("attach", example)} comes back to it.

## 3. Review the output

A success ends with \`Successfully tagged\`, the digest, size, time, and how many steps were cached and rebuilt. A failure ends with
the step that failed and exit code 65; ${cmd("logs", example)} prints the log again. Look for errors, for warnings, and for
steps that were rebuilt although nothing they need has changed.

## 4. Fix

Edit the files in the project${local ? "" : ", never on the builder,"} and go back to step 2.`;
}

function loop({ run, example, maxIterations }: Runbook): string {
  return `## 5. Loop

${codeBlock("bash", commented([[run("loop", example), "watches its files and those of its bases: sync and build after every change"]]))}
It stops after ${maxIterations} failures in a row, with exit code 65: then somebody has to think. Ctrl-C ends it.`;
}

function commands({ images, cmd, kind }: Runbook): string {
  const rows = images.map(({ image, tag }) => [
    codeSpan(image.imageName),
    codeSpan(image.context),
    codeSpan(image.file),
    codeSpan(`localhost/${image.imageName}:${tag}`),
    cmd("sync", image.imageName),
    cmd("build", image.imageName),
    cmd("loop", image.imageName),
  ]);
  const table1 =
    rows.length === 0
      ? "No image yet: `builder.build(...)` in the stack adds one.\n"
      : table(["Image", "Context", "Containerfile", "Result", "Sync", "Build", "Loop"], rows);
  const machine = [
    ...(kind === "ec2"
      ? [
          [cmd("start"), "starts the instance and waits until it answers"],
          [cmd("stop"), "stops it: only its disks still cost"],
          [cmd("down --yes"), "destroys all that the stack has made, disks and data volume included"],
        ]
      : []),
  ];
  return `## Commands

${table1}
${table(
  ["Command", "Does"],
  [
    [cmd("status"), "where the builder is, which images are behind their sources, what runs"],
    [cmd("doctor"), "checks both machines, with a remedy for each finding"],
    [cmd("attach IMAGE"), "comes back to a build and waits for its end"],
    [cmd("logs IMAGE"), "log of the last build"],
    [cmd("prune"), "makes room: removes old images, snapshots and logs of this project"],
    ...machine,
    [cmd("help"), "all commands; `help COMMAND` for one"],
  ],
)}`;
}

function freshBuilds({ run, example, engine }: Runbook): string {
  return `## When to clear the cache

${table(
  ["You want", "Do"],
  [
    [
      "to be sure that the image has the newest sources",
      "nothing: `build` compares contents, and says when there is nothing to do",
    ],
    ["every step of one image anew", codeSpan(run("build --no-cache", example))],
    ["room on the disk", codeSpan(run("prune"))],
    ["to start from nothing", codeSpan(run("prune --all"))],
  ],
)}
Both \`prune\` list what would go, with sizes, and ask; \`--dry-run\` only lists. They touch the images of this project alone, but the cache
mounts that \`--all\` clears are shared by all projects of the login user. \`${engine} system prune -a\`, which takes everybody's images
and leaves the cache mounts, is not needed.`;
}

function verification({ images, engine, cmd }: Runbook): string {
  const first = images[0];
  const name = first ? first.image.imageName : "IMAGE";
  const tag = `localhost/${name}:${first ? first.tag : "dev"}`;
  return `## Verification

A build is good when

- the exit code is 0,
- the last lines say ${codeSpan(`Successfully tagged ${tag}`)},
- ${cmd("build", name)} again says that it is up to date,
- on the builder, ${codeSpan(`${engine} image inspect ${tag}`)} finds it.`;
}

function exitCodes({ cmd, example }: Runbook): string {
  return `## Exit codes

${table(
  ["Code", "Means", "Do"],
  [
    ["0", "done, or nothing to do", ""],
    ["1", "`doctor` found something; or the builder has too little room for a build, or lacks a tool", cmd("doctor")],
    ["2", "wrong usage or settings", cmd("help")],
    ["65", "the build failed", cmd("logs", example)],
    ["69", "the builder cannot be reached", cmd("doctor")],
    ["75", "another build runs, and `--no-wait` or `prune` does not wait for it", cmd("attach", example)],
    ["77", "it needs a yes and there is no terminal to ask on", "again, with `--yes`"],
    ["130", "you interrupted it; a build goes on", cmd("attach", example)],
  ],
)}`;
}

/** Command lines with their comments in one column. */
function commented(lines: readonly (readonly string[])[]): string[] {
  const width = Math.max(...lines.map(([command = ""]) => command.length));
  return lines.map(([command = "", comment = ""]) => `${command.padEnd(width)}  # ${comment}`);
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}\n`).join("");
}

/** A Mermaid label: quoted, with what would end it or act as markup as an entity. */
function label(text: string): string {
  return `"${text.replace(/[^\w :/.,?()-]/g, (char) => `#${char.codePointAt(0)};`)}"`;
}
