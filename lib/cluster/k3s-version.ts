import { z } from "zod";
import { parseValue } from "../core/props";
import type { NodeArch } from "./machine-profile";

/** One sha256 for each architecture. */
export interface PerArch {
  readonly amd64?: string;
  readonly arm64?: string;
}

/** What makes a release of k3s the one that was meant, on every machine and every day. */
export interface K3sPins {
  /** sha256 of `k3s` (amd64) and `k3s-arm64` (arm64), as the release's `sha256sum-<arch>.txt` has them. */
  readonly binary: PerArch;
  /** sha256 of `k3s-airgap-images-<arch>.tar.zst`, for hosts without network. @default - none: the airgap bundle cannot be used */
  readonly airgap?: PerArch;
}

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("64 hexadecimal digits, lower case");
const perArch = z.strictObject({ amd64: sha256.optional(), arm64: sha256.optional() });

/** @internal Runtime twin of {@link K3sPins}. */
export const k3sPins = z.strictObject({
  binary: perArch.refine(({ amd64, arm64 }) => amd64 !== undefined || arm64 !== undefined, {
    error: "allowed: the sha256 of the binary for at least one of amd64 and arm64",
  }),
  airgap: perArch.optional(),
});

/** @internal A release of k3s by its tag. */
export const versionText = z
  .string()
  .regex(/^v1\.(2[7-9]|[3-9]\d)\.\d{1,2}\+k3s\d{1,2}$/)
  .describe('a release of k3s from 1.27 on, such as "v1.28.5+k3s1"');

/** Where the pins of {@link KNOWN} were read: copies of the releases' `sha256sum-<arch>.txt` in other projects. */
const KNOWN: Readonly<Record<string, K3sPins>> = {
  // yunionio/ocboot, lib/k3s.py
  "v1.28.5+k3s1": {
    binary: {
      amd64: "38fadb2baf75cb516d59f7f4a40c1950fdc0dce5ebe7251aae235527b7de4083",
      arm64: "ce46081904d461175f152493814d2f2ac1d5e40992d6b2b2b819eb6532c413f9",
    },
    airgap: {
      amd64: "e259a812e77219f8436938d7ee871945549956defe12bd210ca206597198cd67",
      arm64: "896a80cdfa8131efba625775c60c79a5525ef22b6d5a6c87560afed50b8a630b",
    },
  },
  // lab255/appliance.sh, its table of guest assets; the one for amd64 in a second project too
  "v1.31.4+k3s1": {
    binary: {
      amd64: "74897e4af26ea383ce50f445752f40ca63a0aef0d90994fb74073c43063eeeb2",
      arm64: "eff4cc82c8c057bd2dc432025b933616637dcf3df91e9e06720d9208743640d3",
    },
    airgap: {
      amd64: "f7a94dc28b3a8da063a41360f480ace1de3040ffd9c9228283975c8dca74d3b7",
      arm64: "02694da4fb6831757f8d198dd5d9f11fcc435bce468426a56109b9d94a025877",
    },
  },
};

/**
 * A release of k3s, with the sha256 of what is downloaded. Only its own binary is: none of upstream's install script, which
 * takes the newest release unless it is told otherwise and trusts checksums that come from where the binary comes from.
 *
 * @example
 * K3sVersion.pinned("v1.31.4+k3s1", {
 *   binary: { arm64: "eff4cc82c8c057bd2dc432025b933616637dcf3df91e9e06720d9208743640d3" },
 * });
 */
export class K3sVersion {
  /**
   * A release with pins of your own.
   * @throws GantryError listing every fault.
   */
  static pinned(version: string, pins: K3sPins): K3sVersion {
    parseValue("K3sVersion.pinned", z.strictObject({ version: versionText }), { version });
    return new K3sVersion(version, parseValue("K3sVersion.pinned", k3sPins, pins) as K3sPins);
  }

  /** @internal A release by its tag, with the pins we know, which may be none. */
  static tagged(version: string): K3sVersion {
    return new K3sVersion(version, KNOWN[version] ?? { binary: {} });
  }

  /** Releases whose pins are known here. */
  static readonly known: readonly string[] = Object.keys(KNOWN);

  /** The release of Kubernetes in it, such as `"v1.28.5"`. */
  readonly kubeVersion: string;
  /** Its minor: 28. */
  readonly kubeMinor: number;

  private constructor(
    /** The tag, such as `"v1.28.5+k3s1"`. */
    readonly tag: string,
    /** @internal */
    readonly pins: K3sPins,
  ) {
    this.kubeVersion = tag.replace(/\+.*/, "");
    this.kubeMinor = Number(tag.split(".")[1]);
  }

  /** The tag of images made for it: `"v1.28.5-k3s1"`. */
  get imageTag(): string {
    return this.tag.replace("+", "-");
  }

  /** sha256 of the binary, when it is pinned. */
  binary(arch: NodeArch): string | undefined {
    return this.pins.binary[arch];
  }

  /** sha256 of the images for hosts without network, when it is pinned. */
  airgap(arch: NodeArch): string | undefined {
    return this.pins.airgap?.[arch];
  }

  /** As error messages show it. */
  toJSON(): string {
    return this.tag;
  }
}
