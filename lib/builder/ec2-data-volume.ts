import { EbsVolume } from "@cdktf/provider-aws/lib/ebs-volume";
import type { Instance } from "@cdktf/provider-aws/lib/instance";
import { VolumeAttachment } from "@cdktf/provider-aws/lib/volume-attachment";
import type { Construct } from "constructs";
import type { Ec2Props, Tags } from "./gpu-builder.schema";

/**
 * A disk that outlives the instance. No change of the stack replaces it: a disk cannot leave its zone, so the zone it
 * was made in counts and a later one is ignored. (Nor may it take its zone from the instance: it would be replaced with it.)
 */
export function addDataVolume(
  scope: Construct,
  props: NonNullable<Ec2Props["dataVolume"]>,
  availabilityZone: string,
  tags: Tags,
): EbsVolume {
  return new EbsVolume(scope, "DataVolume", {
    availabilityZone,
    size: props.sizeGib,
    type: "gp3",
    encrypted: true,
    tags,
    lifecycle: { ignoreChanges: ["availability_zone"], ...(props.protect && { preventDestroy: true }) },
  });
}

/** Attaches it; before it is detached, the instance stops, so that nothing is cut off in the middle of writing. */
export function attachDataVolume(scope: Construct, volume: EbsVolume, instance: Instance): VolumeAttachment {
  return new VolumeAttachment(scope, "DataVolumeAttachment", {
    deviceName: "/dev/sdf",
    volumeId: volume.id,
    instanceId: instance.id,
    stopInstanceBeforeDetaching: true,
  });
}
