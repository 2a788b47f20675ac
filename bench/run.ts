// npm run bench [-- --json] [NAME…]: every figure measured now, side by side with what it is compared to. Exit 1 if a goal is missed.
import { clusterFigures } from "./cluster.bench";
import { buildFigures } from "./build.bench";
import { devFigures } from "./dev.bench";
import type { Figure } from "./figures";
import { imageFigures } from "./image.bench";
import { processFigures } from "./process.bench";
import { synthFigures } from "./synth.bench";

const benches: Readonly<Record<string, () => Promise<Figure[]>>> = {
  build: buildFigures,
  cluster: clusterFigures,
  dev: devFigures,
  image: imageFigures,
  process: processFigures,
  synth: synthFigures,
};

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const json = words.includes("--json");
  const names = words.filter((word) => word !== "--json");
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    console.error(`bench: unknown: ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`);
    process.exitCode = 2;
    return;
  }
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    for (const { detail, ...figure } of await bench()) {
      if (!figure.met) process.exitCode = 1;
      if (json) console.log(JSON.stringify(figure));
      const verdict = figure.met ? "met   " : "MISSED";
      (json ? console.error : console.log)(
        `${verdict} ${figure.name.padEnd(18)} ${figure.value} ${figure.unit} (goal ${figure.goal}): ${detail}`,
      );
    }
  }
}

void main();
