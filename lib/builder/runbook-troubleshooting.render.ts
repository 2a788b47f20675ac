import { codeSpan, table } from "../core/render/markdown";
import type { Runbook } from "./runbook-model";

/** Symptom, what is behind it, what helps. */
type Row = readonly [symptom: string, cause: string, remedy: string];

/** The troubleshooting section: only what can happen on this kind of host. */
export function renderTroubleshooting(book: Runbook): string {
  const rows = [
    ...reaching(book),
    ...building(book),
    ...disk(book),
    ...(book.rhel === false ? [] : subscription(book)),
    ...(book.gpu ? gpu(book) : []),
  ];
  return `## Troubleshooting

First ${book.cmd("doctor")}: it looks at both machines and says for each finding what to do.

${table(["Symptom", "Why", "Do"], rows)}`;
}

function reaching({ kind, ssm, cmd, example, idleStop, maxAge }: Runbook): Row[] {
  if (kind === "local") return [];
  const stops = [idleStop && `after ${idleStop} without work`, maxAge && `${maxAge} after boot`]
    .filter(Boolean)
    .join(", and ");
  const ec2: Row[] = [
    [
      "`Connection refused` or `timed out`",
      "it was stopped, or has a new address since it was started; a new address is found by itself",
      `${cmd("status")}, then ${cmd("start")}`,
    ],
    ...(ssm
      ? [
          [
            "`TargetNotConnected`",
            "the instance is stopped, or its agent is not up yet",
            `${cmd("status")}, ${cmd("start")}, wait a minute`,
          ] as Row,
        ]
      : [
          [
            "`timed out` although it runs",
            "your own address is not (or no longer) in `sshFrom`",
            `change the stack, synthesize, ${cmd("up")}`,
          ] as Row,
        ]),
    [
      "`InsufficientInstanceCapacity`, or the start hangs",
      "AWS has no such machine free in this zone now",
      `try again later, or give the stack another \`availabilityZone\` or type`,
    ],
    ...(stops
      ? [
          [
            "it has stopped by itself",
            `it stops ${stops}`,
            `${cmd("start")}; ${cmd("doctor")} says what counts as work now`,
          ] as Row,
        ]
      : []),
  ];
  const existing: Row[] = [
    [
      "`Connection refused` or `timed out`",
      "the machine is off, or has another address than the stack says",
      `${cmd("doctor")}; correct the stack and synthesize`,
    ],
  ];
  return [
    ...(kind === "ec2" ? ec2 : existing),
    [
      "`Permission denied (publickey)`",
      "the key is not the one the host lets in, or it wants a passphrase",
      `\`ssh-add\` it, or correct \`identityFile\` in the stack`,
    ],
    [
      "host key changed: refused, exit 69",
      "the machine was installed anew, or another one answers in its place",
      "only when you know that it was installed anew: the command that the message prints",
    ],
    [
      "the network dropped, or Ctrl-C during a build",
      "the build goes on: it does not hang on the connection",
      cmd("attach", example),
    ],
  ];
}

function building({ cmd, example, remoteRoot, engine, kind }: Runbook): Row[] {
  return [
    ["exit 75", "another build runs, and you said `--no-wait`, or `prune`", `${cmd("attach", example)}, then again`],
    [
      "a file that was deleted is still in the image",
      "it is still here: a snapshot has exactly the files of its moment",
      `${cmd("sync --dry-run --force", example)} lists what goes`,
    ],
    [
      "a file is missing in the image",
      "it is ignored by git, or `.dockerignore` leaves it out",
      `\`git check-ignore -v FILE\`; ${cmd("sync --dry-run --force", example)} lists what goes`,
    ],
    [
      "every step is rebuilt although little changed",
      "the layers before the first changed file are kept, the rest is not; the directory plays no part",
      "copy what changes often last in the Containerfile",
    ],
    [
      "files on the builder were edited and are gone",
      `${codeSpan(remoteRoot)} holds copies of what is here`,
      "edit here",
    ],
    ...(engine === "podman"
      ? [
          [
            "`unknown instruction` at a `<<EOF` in a Containerfile",
            "an old podman (4.3 for one) does not know heredocs",
            "use `RUN a && b`, or a script that is copied",
          ] as Row,
        ]
      : []),
    ...(kind === "local"
      ? []
      : [
          [
            "the host lacks `rsync`, `tmux` or the engine",
            "it is not set up, or the setup was cut short",
            cmd("setup"),
          ] as Row,
        ]),
  ];
}

function disk({ cmd, minFreeGib, engine }: Runbook): Row[] {
  return [
    [
      "`no space left on device`, or `build` refuses to start",
      minFreeGib === 0 ? "the disk is full" : `less than ${minFreeGib} GiB are free`,
      `${cmd("prune --dry-run")}, then ${cmd("prune")} or ${cmd("prune --all")}`,
    ],
    ...(engine === "podman"
      ? [
          [
            "builds are slow, `doctor` names the `vfs` driver",
            "podman's storage was made before the setup",
            `on the host \`podman system reset\` (all images go), then ${cmd("setup --force")}`,
          ] as Row,
        ]
      : []),
  ];
}

function subscription({ cmd, rhel, kind }: Runbook): Row[] {
  const where =
    rhel === true ? "" : kind === "local" ? " (only when this machine runs RHEL)" : " (only when the host runs RHEL)";
  return [
    [
      `\`subscription required\`, or a RHEL package is not found${where}`,
      "packages of a RHEL image need a registered host; AWS's own RHEL images have repositories, but no registration",
      `${cmd("doctor")}, then ${cmd("setup --rhsm-org ORG --rhsm-key-file FILE")}`,
    ],
  ];
}

function gpu({ cmd, kind }: Runbook): Row[] {
  const restart = kind === "ec2" ? `${cmd("stop")}, ${cmd("start")}` : "restart the host";
  return [
    [
      "containers do not see the GPU",
      "the CDI description is older than the driver",
      `${cmd("doctor")}, then ${cmd("setup --force")}`,
    ],
    [
      "`nvidia-smi` fails after a kernel update",
      "the driver's module is built for another kernel",
      `${restart}, then ${cmd("setup --force")}`,
    ],
  ];
}
