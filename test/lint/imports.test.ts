// The import rules of the house, each proven on a snippet that breaks it and one that keeps it.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const broken: readonly (readonly [string, string, RegExp])[] = [
  ["lib/builder/x.ts", 'import { instance } from "@cdktf/provider-aws"; instance;', /Import the one thing/],
  ["lib/builder/x.ts", 'import { instance } from "@cdktf/provider-aws/lib"; instance;', /Import the one thing/],
  ["examples/x/main.ts", 'import { instance } from "@cdktf/provider-aws"; instance;', /Import the one thing/],
  ["lib/core/x.ts", 'import { App } from "cdktf/lib/app"; App;', /by its root only/],
  ["lib/core/x.ts", 'import { App } from "cdktn"; App;', /by its root only/],
  ["lib/core/x.ts", 'import { Instance } from "@cdktn/provider-aws/lib/instance"; Instance;', /by its root only/],
  ["lib/core/x.ts", 'import { remote } from "@pulumi/command"; remote;', /Only lib\/pulumi/],
  ["lib/testing/x.ts", 'import { remote } from "@pulumi/command"; remote;', /Only lib\/pulumi/],
  ["test/core/x.test.ts", 'import { remote } from "@pulumi/command"; remote;', /Only lib\/pulumi/],
  ["lib/core/x.ts", 'import { expect } from "@jest/globals"; expect;', /Only lib\/testing/],
  ["lib/pulumi/x.ts", 'import type { MatcherFunction } from "expect"; let x: MatcherFunction;', /Only lib\/testing/],
  [
    "lib/core/x.ts",
    'import { ContainerImage } from "../image/container-image"; ContainerImage;',
    /lib\/core may import itself only/,
  ],
  [
    "lib/builder/x.ts",
    'import { ContainerImage } from "../image/container-image"; ContainerImage;',
    /lib\/builder may import itself, core only/,
  ],
  [
    "lib/image/x.ts",
    'import { GpuBuilder } from "../builder/gpu-builder"; GpuBuilder;',
    /lib\/image may import itself, core only/,
  ],
  [
    "lib/image/x.ts",
    'import type { GpuBuilder } from "../builder/gpu-builder"; let x: GpuBuilder;',
    /lib\/image may import itself, core only/,
  ],
  [
    "lib/cluster/x.ts",
    'import { GpuBuilder } from "../builder/gpu-builder"; GpuBuilder;',
    /lib\/cluster may import itself, core only/,
  ],
  [
    "lib/hypervisor/x.ts",
    'import { GpuBuilder } from "../builder/gpu-builder"; GpuBuilder;',
    /lib\/hypervisor may import itself, core only/,
  ],
  [
    "lib/pulumi/x.ts",
    'import { GpuBuilder } from "../builder/gpu-builder"; GpuBuilder;',
    /lib\/pulumi may import itself, core only/,
  ],
  ["lib/builder/x.ts", 'import "../cli/gantry";', /lib\/builder may import itself, core only/],
  ["lib/platform/x.ts", 'import "../cli/gantry";', /lib\/platform may import itself, core, builder/],
  ["stacks/x.ts", 'import "../lib/cli/gantry";', /Nothing imports the command line/],
  ["lib/platform/x.ts", 'import { Ami } from "../builder/index"; Ami;', /not an entry point/],
  ["lib/platform/x.ts", 'import { Ami } from "../builder"; Ami;', /not an entry point/],
  ["lib/core/x.ts", "export const now = new Date();", /must not depend on the clock/],
  ["lib/core/x.ts", "export const n = Math.random();", /Same input, same output/],
];

const kept: readonly (readonly [string, string])[] = [
  ["lib/builder/x.ts", 'import { Instance } from "@cdktf/provider-aws/lib/instance"; Instance;'],
  ["lib/builder/x.ts", 'import { App } from "cdktf"; App;'],
  ["lib/builder/x.ts", 'import { Duration } from "../core/duration"; Duration;'],
  ["lib/platform/x.ts", 'import { GpuBuilder } from "../builder/gpu-builder"; GpuBuilder;'],
  ["lib/cli/x.ts", 'import { GpuBuilder } from "../builder/gpu-builder"; export const now = new Date(); GpuBuilder;'],
  ["lib/pulumi/x.ts", 'import { remote } from "@pulumi/command"; remote;'],
  ["test/pulumi/x.test.ts", 'import { remote } from "@pulumi/command"; remote;'],
  ["lib/testing/x.ts", 'import type { MatcherFunction } from "expect"; let x: MatcherFunction;'],
  ["lib/index.ts", 'export { Duration } from "./core/duration";'],
];

let messages: readonly (readonly string[])[];
beforeAll(() => {
  const input = JSON.stringify([...broken, ...kept].map(([file, text]) => ({ file, text })));
  const output = execFileSync(process.execPath, [join(__dirname, "lint-snippets.mjs")], { input, encoding: "utf8" });
  messages = JSON.parse(output) as string[][];
});

test.each(broken.map((row, index) => [...row, index] as const))("%s: %s", (_file, _text, message, index) => {
  expect(messages[index]?.join("\n")).toMatch(message);
});

test.each(kept.map((row, index) => [...row, broken.length + index] as const))(
  "%s: %s is fine",
  (_file, _text, index) => {
    expect(messages[index]).toEqual([]);
  },
);
