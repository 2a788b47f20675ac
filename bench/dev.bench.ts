// Daily development: the program's `fast` against what dev-fast.sh of the requirement does each time, stop, rm and run.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DevLab } from "../test/support/dev-lab";
import { freePort } from "../test/support/free-port";
import { atLeast, atMost, inTurn, median, ms, type Figure } from "./figures";

/** A run with nothing changed, and what a change of code costs. */
export async function devFigures(): Promise<Figure[]> {
  const [ours, theirs] = [await freePort(), await freePort()];
  const lab = new DevLab({
    services: {
      backend: {
        build: { context: "app" },
        ports: [ours],
        live: { "app/src": "/app/src" },
        dependencies: ["app/version.txt"],
        health: { path: "/" },
      },
    },
  });
  try {
    lab.webService("app", ours);
    lab.ok("fast");
    const image = `localhost/${lab.id}-backend:dev`;
    const podman = (...args: string[]) => must(lab, args);
    const run = () =>
      podman(
        ...["run", "-d", "--name", "seed", "-p", `127.0.0.1:${theirs}:${ours}`],
        ...["-v", `${lab.project}/app/src:/app/src`, image],
      );
    const seed = () => {
      podman("stop", "seed"); // its first process knows no signals, and there is no init before it
      podman("rm", "seed");
      run();
    };
    run();
    const times = await inTurn(5, [seed, () => lab.ok("fast")]);
    const [seedMs = NaN, ourMs = NaN] = times.map(median);

    const before = bytesBelow(join(lab.home, "store"));
    lab.write("app/src/index.html", "another text\n");
    const answer = await (await fetch(`http://127.0.0.1:${ours}/`)).text();
    lab.ok("fast");
    const copied = bytesBelow(join(lab.home, "store")) - before;
    if (answer !== "another text\n") throw new Error(`the change does not show: ${answer}`);
    return [
      atLeast(50, {
        name: "dev-noop",
        value: seedMs / ourMs,
        unit: "x faster",
        detail: `nothing changed: ${ms(ourMs)}, stop + rm + run ${ms(seedMs)} (medians of 5)`,
      }),
      atMost(0, {
        name: "dev-code-change",
        value: copied,
        unit: "bytes",
        detail: "what images and containers grew by after an edit, which showed at once, and a run of fast",
      }),
    ];
  } finally {
    lab.stop();
  }
}

function must(lab: DevLab, args: readonly string[]): void {
  const { code, stdout, stderr } = lab.engine(args);
  if (code !== 0) throw new Error(`podman ${args.join(" ")}: exit ${code}\n${stdout}${stderr}`);
}

/** Bytes of the layers of images and containers; not the engine's own notes. */
function bytesBelow(store: string): number {
  const files = readdirSync(join(store, "overlay"), { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("/merged"))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
