/** Processor architecture, in the words of the AMI catalogues. */
export type Arch = "x86_64" | "arm64";

/** Maker of the GPUs of a machine; `"none"`: it has none. */
export type Gpu = "nvidia" | "amd" | "none";

/** What follows from an EC2 instance type. */
export interface InstanceTypeFacts {
  readonly gpu: Gpu;
  readonly arch: Arch;
  /** Whether it is the machine itself, so that virtual machines run at full speed on it. */
  readonly bareMetal: boolean;
  /** Whether NVIDIA's open driver runs its GPU: the one that setup installs and that the Deep Learning AMIs bring. */
  readonly openDriver: boolean;
  /** Whether its EBS volumes say their volume id to the operating system. */
  readonly nitro: boolean;
}

type FamilyFacts = Omit<InstanceTypeFacts, "bareMetal">;

// Families as the EC2 instance type guide lists them (docs.aws.amazon.com/ec2/latest/instancetypes), November 2026.
const nvidia = { gpu: "nvidia", openDriver: true, nitro: true } as const;
const noGpu = { gpu: "none", openDriver: false, nitro: true } as const;
const families = new Map<string, FamilyFacts>([
  ...of("p4d p4de p5 p5e p5en p6-b200 p6-b300 g4dn g5 g6 g6e gr6 g7e", { ...nvidia, arch: "x86_64" }),
  ...of("g5g p6e-gb200 p6e-gb300", { ...nvidia, arch: "arm64" }),
  // A fraction of a GPU needs NVIDIA's licensed GRID driver; Volta is older than the open driver.
  ...of("g6f gr6f p3dn", { ...nvidia, arch: "x86_64", openDriver: false }),
  ...of("p3", { ...nvidia, arch: "x86_64", openDriver: false, nitro: false }),
  ...of("g4ad", { ...noGpu, gpu: "amd", arch: "x86_64" }),
  ...of(
    "m5 m5a m5ad m5d m5dn m5n m5zn m6a m6i m6id m6idn m6in m7a m7i m7i-flex m8a m8i m8i-flex " +
      "c5 c5a c5ad c5d c5n c6a c6i c6id c6in c7a c7i c7i-flex c8a c8i c8i-flex " +
      "r5 r5a r5ad r5b r5d r5dn r5n r6a r6i r6id r6idn r6in r7a r7i r7iz r8a r8i r8i-flex " +
      "t3 t3a d3 d3en i3en i4i i7i i7ie x2idn x2iedn x2iezn x8aedz z1d hpc6a hpc6id hpc7a " +
      "u-3tb1 u-6tb1 u-9tb1 u-12tb1 u-18tb1 u-24tb1 u7i-6tb u7i-8tb u7i-12tb u7in-16tb u7in-24tb u7in-32tb u7inh-32tb " +
      "dl1 dl2q f1 f2 inf1 inf2 trn1 trn1n trn2 vt1", // accelerators, but no GPUs
    { ...noGpu, arch: "x86_64" },
  ),
  ...of("m4 c4 r4 t2 d2 h1 i2 i3 x1 x1e", { ...noGpu, arch: "x86_64", nitro: false }),
  ...of(
    "a1 t4g m6g m6gd m7g m7gd m8g m8gb m8gd m8gn c6g c6gd c6gn c7g c7gd c7gn c8g c8gb c8gd c8gn " +
      "r6g r6gd r7g r7gd r8g r8gb r8gd r8gn x2gd x8g i4g i8g i8ge im4gn is4gen hpc7g",
    { ...noGpu, arch: "arm64" },
  ),
]);

/** What is known of an instance type, or nothing when its family is not in the table. */
export function instanceTypeFacts(instanceType: string): InstanceTypeFacts | undefined {
  const [family = "", size = ""] = instanceType.split(".");
  const facts = families.get(family);
  const bareMetal = size.startsWith("metal");
  return facts && { ...facts, bareMetal, nitro: facts.nitro || bareMetal };
}

function of(names: string, facts: FamilyFacts): [string, FamilyFacts][] {
  return names.split(" ").map((name) => [name, facts]);
}
