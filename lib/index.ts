export { Cidr } from "./core/cidr";
export { contentHash } from "./core/content-hash";
export { Duration } from "./core/duration";
export { GantryError, type Fault } from "./core/errors";
export {
  GeneratedFile,
  setFileRoot,
  staticFile,
  type FileContent,
  type GeneratedFileProps,
} from "./core/generated-file";
export type { RenderContext } from "./core/file-synthesizer";
export { Host, type ExistingHost, type ExistingHostProps, type LocalHost } from "./core/host";
export type { BuildSecret, ImageSource } from "./core/image-source";
export { parseProps, tokenOr } from "./core/props";
export { planSteps, type CopyStep, type PlannedStep, type RemoteStep, type RunStep } from "./core/remote-step";
export { renderEnv, shellQuote, type EnvModel } from "./core/render/env";
export { renderJson } from "./core/render/json";
export type { Data } from "./core/render/model";
export { nixCode, renderNixValue, type NixExpression, type NixValue } from "./core/render/nix";
export { renderYaml } from "./core/render/yaml";
export { Size } from "./core/size";
