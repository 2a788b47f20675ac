import { codeSpan, table } from "../core/render/markdown";
import type { Runbook } from "./runbook-model";

/** The section for a coding agent that was told to "sync and build". */
export function renderAgentWorkflow(book: Runbook): string {
  const { cmd, maxIterations, kind, images } = book;
  return `## Sync and build, for a coding agent

When the user says "sync and build":

1. Find the image. Take the path of each changed file relative to the project directory (the one with ${codeSpan("cdktf.json")}); it
   belongs to the image with the longest context that the path is in:

${contexts(book)}
   A changed path in no context needs no build. After a change of the stack's own files, synthesize first.
2. Run ${images.length === 0 ? cmd("build IMAGE") : images.map(({ image }) => cmd("build", image.imageName)).join(" or ")}. It syncs by itself, builds first the images that
   this one is ${codeSpan("FROM")}, and does nothing when there is nothing to do. So for a change in a base, build its dependents.
3. Go by the exit code:

${exitCodes(book)}
4. Count the builds that failed in a row. At ${maxIterations}, stop and ask the user: say what failed, what you tried and where the
   log is. Start again from 0 only after a success or a new instruction.

Always: fix files in the project, never in ${codeSpan(book.remoteRoot)} on the builder; give each build as much time as it needs (${cmd("build --detach", book.example)}
returns at once, ${cmd("attach", book.example)} waits for the end). Never without being asked: ${[
    cmd("prune --all"),
    ...(kind === "ec2" ? [cmd("down"), cmd("stop")] : []),
    codeSpan("--yes"),
  ].join(", ")}, forgetting a host key.
`;
}

function contexts({ images }: Runbook): string {
  if (images.length === 0) return "   This builder has no image yet.\n";
  const rows = images.map(({ image }) => {
    const dependents = images.filter((other) =>
      other.image.bases.some(({ imageName }) => imageName === image.imageName),
    );
    return [
      codeSpan(`${image.context}/`),
      codeSpan(image.imageName),
      dependents.map((other) => codeSpan(other.image.imageName)).join(", ") || "none",
    ];
  });
  return indent(table(["Changed path is below", "Image", "Dependents"], rows));
}

function exitCodes(book: Runbook): string {
  const { cmd, kind, example } = book;
  const rows = [
    ["0", "built, or up to date", "report the tag, digest, size and time that the last lines say; done"],
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
    ["75", "another build of this image runs", `${cmd("attach", example)} follows it to its end; then go to 2`],
    ["77", "it asks for a decision", "stop and ask the user; add `--yes` only when told to"],
    ["130", "interrupted", `the build goes on: ${cmd("attach", example)}`],
  ];
  return indent(table(["Exit code", "Means", "Next"], rows));
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "   ");
}
