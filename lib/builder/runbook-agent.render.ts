import type { ImageSource } from "../core/image-source";
import { codeSpan, table } from "../core/render/markdown";
import type { Runbook } from "./runbook-model";

/** The section for a coding agent that was told to "sync and build". */
export function renderAgentWorkflow(book: Runbook): string {
  const { cmd, maxIterations, kind, images, example } = book;
  const builds =
    images.length === 0 ? cmd("build IMAGE") : images.map(({ image }) => cmd("build", image.imageName)).join(" or ");
  const onlyOnRequest = [
    cmd("prune --all"),
    ...(kind === "ec2" ? [cmd("stop"), cmd("down")] : []),
    "`--yes`",
    ...(kind === "local" ? [] : ["forgetting a host key"]),
  ];
  return `## Sync and build, for a coding agent

When the user says "sync and build":

1. Find the image. Take the path of each changed file relative to the project directory (see the top). It belongs to
   the image with the longest context that holds it:

${contexts(book)}
   A path in no context needs no build. After a change of the stack's own files, synthesize first.
2. Run ${builds}. It syncs, builds first what the image is \`FROM\`, and does nothing when nothing
   has changed. After a change in a base, build its dependents.
3. Go by the exit code:

${exitCodes(book)}
4. Count the builds in a row that failed. After ${maxIterations}, stop and ask the user: say what failed, what you tried, and where
   the log is. Count from 0 again after a success or a new instruction.

Rules:

- Change files in the project, never below ${codeSpan(book.remoteRoot)} on the builder.
- A build may take long: ${cmd("build --detach", example)} returns at once, ${cmd("attach", example)} waits for its end.
- Only when asked to: ${onlyOnRequest.join(", ")}.
`;
}

function contexts({ images }: Runbook): string {
  if (images.length === 0) return "   This builder has no image yet.\n";
  const rows = images.map(({ image }) => {
    const dependents = images.filter((other) => isFrom(other.image, image.imageName));
    return [
      image.context === "." ? "anything else in the project" : codeSpan(`${image.context}/`),
      codeSpan(image.imageName),
      dependents.map((other) => codeSpan(other.image.imageName)).join(", ") || "none",
    ];
  });
  return indent(table(["Changed path is below", "Image", "Dependents"], rows));
}

function isFrom(image: ImageSource, name: string): boolean {
  return image.bases.some((base) => base.imageName === name || isFrom(base, name));
}

function exitCodes(book: Runbook): string {
  const { cmd, kind, example } = book;
  const rows = [
    ["0", "built, or up to date", "report the tag, digest, size and time that the last lines say; done"],
    ["1", "the builder has too little room, or lacks a tool", `${cmd("doctor")}; report what it found and ask`],
    ["2", "wrong usage or settings", "read the message, correct the command or the stack; do not repeat it unchanged"],
    [
      "65",
      "a build step failed",
      `read the error and the step that failed (${cmd("logs", example)} shows the log again), fix the files, go to 2`,
    ],
    [
      "69",
      "the builder cannot be reached",
      kind === "ec2"
        ? `${cmd("status")}; when it is stopped, ask whether to ${cmd("start")}; else ${cmd("doctor")}. A changed host key: stop and ask`
        : `${cmd("doctor")}, report what it found; do not edit files for it`,
    ],
    [
      "75",
      "another build runs (only with `--no-wait`)",
      `${cmd("attach", example)} follows it to its end; then go to 2`,
    ],
    ["77", "it asks for a decision", "stop and ask the user; add `--yes` only when told to"],
    ["130", "interrupted", `the build goes on: ${cmd("attach", example)}`],
  ];
  return indent(table(["Exit code", "Means", "Next"], rows));
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "   ");
}
