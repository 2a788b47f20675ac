import type { EnvModel } from "../core/render/env";
import type { Ec2Props, HostProps } from "./gpu-builder.schema";
import type { Gpu } from "../core/aws/instance-types";

/** Settings of a builder on a host that is there already, for its `builder.env`. */
export function hostSettings(props: HostProps): EnvModel {
  const settings = {
    ...commonSettings(props),
    GPU: props.gpu ? "nvidia" : "none",
    DRIVER: props.gpu ? "preinstalled" : "none", // whoever owns the machine owns its kernel modules
  };
  const { host } = props;
  if (host.kind === "local")
    return { ...settings, HOST_KIND: "local", HOST_USER: "", HOST_PORT: "", IDENTITY_FILE: "" };
  return {
    ...settings,
    HOST_KIND: "existing",
    HOST_ADDRESS: host.address,
    HOST_PORT: host.port,
    HOST_USER: host.user ?? "",
    HOST_ALIAS: host.port === 22 ? host.address : `[${host.address}]:${host.port}`,
    HOST_KEY: host.hostKey ?? "",
    IDENTITY_FILE: host.identityFile ?? "",
  };
}

/** Settings of a builder on EC2, for its `builder.env`. Its address is not in it: that is an output of the stack. */
export function ec2Settings(props: Ec2Props, gpu: Gpu): EnvModel {
  return {
    ...commonSettings(props),
    HOST_KIND: "ec2",
    HOST_USER: props.ami.user,
    HOST_PORT: 22,
    IDENTITY_FILE: props.identityFile ?? "",
    ACCESS: props.access,
    OUTPUT_PREFIX: props.outputPrefix,
    GPU: gpu === "nvidia" ? "nvidia" : "none",
    DRIVER: gpu !== "nvidia" ? "none" : props.ami.nvidiaDriver ? "preinstalled" : "install",
    IDLE_STOP_SECONDS: props.idleStop?.toSeconds() ?? "",
    MAX_AGE_SECONDS: props.maxAge?.toSeconds() ?? "",
    DATA_HOLDS: props.dataVolume?.holds ?? "",
  };
}

function commonSettings(props: HostProps | Ec2Props) {
  return {
    PROJECT: props.project,
    ENGINE: props.engine,
    REMOTE_ROOT: props.remoteRoot,
    MIN_FREE_GIB: props.disk.minFreeGib,
    MAX_ITERATIONS: props.maxIterations,
    KEEP_SNAPSHOTS: props.keepSnapshots,
    TMUX_SESSION: props.tmuxSession,
    ACCESS: "ssh",
    HOST_ADDRESS: "",
    HOST_ALIAS: "",
    HOST_KEY: "",
    OUTPUT_PREFIX: "",
    REGION: "",
    IDLE_STOP_SECONDS: "",
    MAX_AGE_SECONDS: "",
    DATA_HOLDS: "",
  } satisfies EnvModel;
}
