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
}

// Families as the EC2 instance type guide lists them (docs.aws.amazon.com/ec2/latest/instancetypes), 2026.
const NVIDIA_X86 = "p3 p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300 g4dn g5 g6 g6e g6f gr6 gr6f g7e";
const NVIDIA_ARM = "g5g p6e-gb200";
const AMD_GPU = "g4ad";
const X86 =
  "m4 m5 m5a m5ad m5d m5dn m5n m5zn m6a m6i m6id m6idn m6in m7a m7i m7i-flex m8a m8i m8i-flex " +
  "c4 c5 c5a c5ad c5d c5n c6a c6i c6id c6in c7a c7i c7i-flex c8a c8i c8i-flex " +
  "r4 r5 r5a r5ad r5b r5d r5dn r5n r6a r6i r6id r6idn r6in r7a r7i r7iz r8a r8i r8i-flex " +
  "t2 t3 t3a d2 d3 d3en h1 i2 i3 i3en i4i i7i i7ie x1 x1e x2idn x2iedn x2iezn z1d hpc6a hpc6id hpc7a u7i-6tb u7i-8tb u7i-12tb";
const ARM =
  "a1 t4g m6g m6gd m7g m7gd m8g m8gd c6g c6gd c6gn c7g c7gd c7gn c8g c8gd c8gn " +
  "r6g r6gd r7g r7gd r8g r8gd x2gd x8g i4g i8g i8ge im4gn is4gen hpc7g";

const families = new Map<string, { gpu: Gpu; arch: Arch }>([
  ...of(NVIDIA_X86, "nvidia", "x86_64"),
  ...of(NVIDIA_ARM, "nvidia", "arm64"),
  ...of(AMD_GPU, "amd", "x86_64"),
  ...of(X86, "none", "x86_64"),
  ...of(ARM, "none", "arm64"),
]);

/** What is known of an instance type, or nothing when its family is not in the table. */
export function instanceTypeFacts(instanceType: string): InstanceTypeFacts | undefined {
  const [family = "", size = ""] = instanceType.split(".");
  const facts = families.get(family);
  return facts && { ...facts, bareMetal: size.startsWith("metal") };
}

/** The families of the table, for error messages. */
export function knownFamilies(): string[] {
  return [...families.keys()];
}

function of(names: string, gpu: Gpu, arch: Arch): [string, { gpu: Gpu; arch: Arch }][] {
  return names.split(" ").map((name) => [name, { gpu, arch }]);
}
