import { Token } from "cdktf";
import type { z } from "zod";
import { Cidr } from "../core/cidr";
import { Ami } from "../core/aws/ami";
import { instanceTypeFacts, type Arch, type InstanceTypeFacts } from "../core/aws/instance-types";

/** Props whose single values may still be wrong: rules are checked all the same, so that one error names every fault. */
type Unchecked = Readonly<Record<string, unknown>>;

/** What must hold between props. */
interface Rule {
  /** Property that the fault is reported for. */
  readonly path: readonly string[];
  /** What is allowed instead, when the props break the rule. */
  readonly broken: (props: Unchecked) => string | undefined;
}

/** Adds rules between the props of an object schema. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule[]): S {
  return rules.reduce<S>(
    (ruled, { path, broken }) =>
      ruled.refine((props) => broken(props as Unchecked) === undefined, {
        path: [...path],
        error: ({ input }) => `allowed: ${broken(input as Unchecked) ?? ""}`,
        when: ({ value }) => typeof value === "object" && value !== null,
      }),
    schema,
  );
}

/** @internal Rules of `Ec2BuilderProps`. */
export const ec2Rules: readonly Rule[] = [
  {
    path: ["sshFrom"],
    broken: ({ access, sshFrom }) => {
      const given = Array.isArray(sshFrom) ? sshFrom.length : sshFrom === undefined ? 0 : 1;
      if (access === "ssm" && sshFrom !== undefined) return 'nothing, since access "ssm" opens no port';
      if ((access === "ssh" || access === undefined) && given === 0) {
        return 'at least one block of addresses, such as ["203.0.113.4/32"]; or access "ssm", which opens no port';
      }
      return undefined;
    },
  },
  {
    path: ["sshFrom"],
    broken: ({ sshFrom }) => {
      const blocks = Array.isArray(sshFrom) ? sshFrom.map(canonicalBlock) : [];
      return new Set(blocks).size < blocks.length ? "each block once" : undefined;
    },
  },
  {
    path: ["sshPublicKey"],
    broken: ({ sshPublicKey, keyName }) =>
      (sshPublicKey === undefined) === (keyName === undefined) ? "exactly one of sshPublicKey and keyName" : undefined,
  },
  {
    path: ["availabilityZone"],
    broken: ({ subnetId, availabilityZone }) =>
      subnetId !== undefined && availabilityZone !== undefined
        ? "nothing beside subnetId, which says the zone"
        : undefined,
  },
  {
    path: ["instanceType"],
    broken: (props) => {
      // Text of another form is the fault of the property itself, named by its own check.
      const { instanceType } = props;
      const isType =
        typeof instanceType === "string" && instanceType.includes(".") && !Token.isUnresolved(instanceType);
      const explicit = props.gpu !== undefined && props.arch !== undefined;
      if (!isType || explicit || factsOf(props)) return undefined;
      return "a type of a family we know, or any type together with gpu and arch";
    },
  },
  ...(["gpu", "arch"] as const).map((name) => ({
    path: [name],
    broken: (props: Unchecked) => {
      const known = factsOf(props)?.[name];
      if (known === undefined || props[name] === undefined || props[name] === known) return undefined;
      return `nothing, or "${known}": that is what ${String(props.instanceType)} has`;
    },
  })),
  {
    path: ["ami"],
    broken: (props) => {
      const arch = factsOf(props)?.arch ?? (props.arch as Arch | undefined);
      const given = props.ami instanceof Ami ? props.ami.facts.arch : undefined;
      if (given === undefined || arch === undefined || given === arch) return undefined;
      return `an image of ${arch}, the architecture of ${String(props.instanceType)}; this one is ${given}`;
    },
  },
  {
    path: ["ami"],
    broken: (props) => {
      const { ami, instanceType } = props;
      const facts = factsOf(props);
      if (!(ami instanceof Ami) || (facts?.gpu ?? props.gpu) !== "nvidia" || ami.facts.driver === "own")
        return undefined;
      const own = "Ami.pinned({…}, { nvidiaDriver: true })";
      if (facts && !facts.openDriver) {
        return `${own}, an image with the driver that ${String(instanceType)} needs: NVIDIA's open driver, the one setup installs, does not run its GPU`;
      }
      if (ami.facts.driver !== "unavailable") return undefined;
      return `an image that NVIDIA has a driver for, or ${own}`;
    },
  },
  {
    path: ["disk", "minFreeGib"],
    broken: (props) => {
      const [free, size] = [number(props, "disk", "minFreeGib"), number(props, "disk", "sizeGib")];
      return free !== undefined && size !== undefined && free >= size ? `less than disk.sizeGib (${size})` : undefined;
    },
  },
  {
    path: ["disk", "throughputMibps"],
    broken: (props) => {
      const [throughput = 0, iops = Infinity] = [
        number(props, "disk", "throughputMibps"),
        number(props, "disk", "iops"),
      ];
      if (throughput <= iops / 4) return undefined;
      return `at most a quarter of disk.iops (${iops}); with disk.iops ${throughput * 4} it is possible`;
    },
  },
  {
    path: ["disk", "iops"],
    broken: (props) => {
      const [iops = 0, size = Infinity] = [number(props, "disk", "iops"), number(props, "disk", "sizeGib")];
      // gp3 has 3000 at any size.
      return iops > Math.max(3000, size * 500) ? `at most 500 for each GiB of disk.sizeGib (${size})` : undefined;
    },
  },
  {
    path: ["dataVolume", "sizeGib"],
    broken: (props) => {
      const [size, free] = [number(props, "dataVolume", "sizeGib"), number(props, "disk", "minFreeGib")];
      if (size === undefined || free === undefined || size > free) return undefined;
      return `more than disk.minFreeGib (${free}), which has to stay free on it`;
    },
  },
  {
    path: ["dataVolume"],
    broken: (props) => {
      const facts = factsOf(props);
      if (props.dataVolume === undefined || facts === undefined || facts.nitro) return undefined;
      return `nothing with ${String(props.instanceType)}: it is no Nitro type, and its volumes do not say which one they are`;
    },
  },
  {
    path: ["tags"],
    broken: ({ tags }) => {
      const names = ["Name", "gantry:project", ...(typeof tags === "object" && tags !== null ? Object.keys(tags) : [])];
      const seen = new Map<string, string>();
      for (const name of names) {
        const twin = seen.get(name.toLowerCase());
        if (twin !== undefined && twin !== name)
          return `names that differ by more than upper and lower case; "${twin}" and "${name}" are one to IAM`;
        seen.set(name.toLowerCase(), name);
      }
      return undefined;
    },
  },
];

function factsOf({ instanceType }: Unchecked): InstanceTypeFacts | undefined {
  return typeof instanceType === "string" ? instanceTypeFacts(instanceType) : undefined;
}

function canonicalBlock(block: unknown): unknown {
  const isText = typeof block === "string" && !Token.isUnresolved(block);
  return isText && Cidr.isCidr(block) ? Cidr.parse(block).toString() : block;
}

function number(props: Unchecked, group: string, name: string): number | undefined {
  const values = props[group] as Unchecked | undefined;
  const value = values?.[name];
  return typeof value === "number" && !Token.isUnresolved(value) ? value : undefined;
}
