import { instanceTypeFacts, type InstanceTypeFacts } from "../../lib/builder";

const cpu = { gpu: "none", openDriver: false, bareMetal: false, nitro: true } as const;
const nvidia = { gpu: "nvidia", openDriver: true, bareMetal: false, nitro: true } as const;

test.each<[string, InstanceTypeFacts]>([
  // The types of the runbook and of its infrastructure.
  ["m6i.xlarge", { ...cpu, arch: "x86_64" }],
  ["g4dn.xlarge", { ...nvidia, arch: "x86_64" }],
  ["g6.xlarge", { ...nvidia, arch: "x86_64" }],
  ["gr6.4xlarge", { ...nvidia, arch: "x86_64" }],
  ["g6e.48xlarge", { ...nvidia, arch: "x86_64" }],
  ["p4de.24xlarge", { ...nvidia, arch: "x86_64" }],
  ["p5.4xlarge", { ...nvidia, arch: "x86_64" }],
  ["p6-b200.48xlarge", { ...nvidia, arch: "x86_64" }],
  ["g5g.xlarge", { ...nvidia, arch: "arm64" }],
  ["p6e-gb200.36xlarge", { ...nvidia, arch: "arm64" }],
  // GPUs that the open driver does not run.
  ["g6f.large", { ...nvidia, arch: "x86_64", openDriver: false }],
  ["p3.2xlarge", { ...nvidia, arch: "x86_64", openDriver: false, nitro: false }],
  ["g4ad.xlarge", { ...cpu, gpu: "amd", arch: "x86_64" }],
  // Chips that are no GPUs.
  ["inf2.xlarge", { ...cpu, arch: "x86_64" }],
  ["trn1.2xlarge", { ...cpu, arch: "x86_64" }],
  // Bare metal, also of a family whose virtual machines are older than Nitro.
  ["c6g.metal", { ...cpu, arch: "arm64", bareMetal: true }],
  ["m7i.metal-24xl", { ...cpu, arch: "x86_64", bareMetal: true }],
  ["g4dn.metal", { ...nvidia, arch: "x86_64", bareMetal: true }],
  ["i3.metal", { ...cpu, arch: "x86_64", bareMetal: true }],
  ["i3.large", { ...cpu, arch: "x86_64", nitro: false }],
  ["c7g.large", { ...cpu, arch: "arm64" }],
  ["m7i-flex.large", { ...cpu, arch: "x86_64" }],
  ["t4g.nano", { ...cpu, arch: "arm64" }],
])("%s", (type, facts) => {
  expect(instanceTypeFacts(type)).toEqual(facts);
});

test.each(["g99.xlarge", "mac2.metal", "xlarge", "", "constructor.prototype"])("%j: not known", (type) => {
  expect(instanceTypeFacts(type)).toBeUndefined();
});
