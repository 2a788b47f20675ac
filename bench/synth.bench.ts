// Synthesis in one process: builders of ours against the same resources written by hand on cdktf's own classes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { Ami, GpuBuilder } from "../lib/builder";
import { ContainerImage } from "../lib/image";
import { atMost, inTurn, median, ms, type Figure } from "./figures";
import { handWrittenBuilder } from "./hand-written-builder";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl bench";

function synthesize(declare: (stack: TerraformStack) => void): void {
  const outdir = mkdtempSync(join(tmpdir(), "gantry-bench-"));
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "bench");
  new LocalBackend(stack, { path: "bench.tfstate" });
  new AwsProvider(stack, "aws", { region: "us-west-2" });
  declare(stack);
  app.synth();
  rmSync(outdir, { recursive: true });
}

function ours(count: number): void {
  synthesize((stack) => {
    const image = new ContainerImage(stack, "vllm-bootc", { context: "vllm-bootc" });
    for (let i = 0; i < count; i++) {
      new GpuBuilder(stack, `builder-${i}`, {
        instanceType: "g6.xlarge",
        ami: Ami.deepLearningBase("ubuntu-24.04"),
        sshFrom: ["203.0.113.4/32"],
        sshPublicKey: KEY,
        outputPrefix: `b${i}_`,
      }).build(image);
    }
  });
}

function byHand(count: number): void {
  synthesize((stack) => {
    for (let i = 0; i < count; i++) handWrittenBuilder(stack, `builder-${i}`, KEY);
  });
}

/** Ratio to the hand-written stack at each size, and how the time per builder grows from 100 to 1000. */
export async function synthFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const perBuilder = new Map<number, number>();
  ours(1);
  byHand(1); // both have loaded their modules now
  for (const count of [1, 10, 100, 1000]) {
    const times = await inTurn(count === 1 ? 15 : count === 1000 ? 5 : 7, [() => byHand(count), () => ours(count)]);
    const [raw = NaN, gantry = NaN] = times.map(median);
    perBuilder.set(count, gantry / count);
    figures.push(
      atMost(1.25, {
        name: `synth-${count}`,
        value: gantry / raw,
        unit: "x",
        detail: `${count} builders: ${ms(gantry)} with programs and settings, ${ms(raw)} for the same resources by hand (medians)`,
      }),
    );
  }
  const growth = (perBuilder.get(1000) ?? NaN) / (perBuilder.get(100) ?? NaN);
  figures.push(
    atMost(1.5, {
      name: "synth-linear",
      value: growth,
      unit: "x",
      detail: "time per builder at 1000 builders against 100",
    }),
  );
  return figures;
}
