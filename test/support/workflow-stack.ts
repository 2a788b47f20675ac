// A stack with both workflows, for tests of what they are.
import type { TerraformStack } from "cdktf";
import { parse } from "yaml";
import { GpuBuilder, Host } from "../../lib/builder";
import {
  BaseImage,
  DevImage,
  GhcrPublication,
  GhcrRepository,
  ImageWorkflows,
  type ImageWorkflowsProps,
} from "../../lib/image";
import { Template } from "./template";

export const SYNTH = "npm ci && npm run synth";

/** What a test has other than the document's base image and development image. */
export interface WorkflowStackProps {
  readonly engine?: "podman" | "docker";
  readonly args?: Readonly<Record<string, string>>;
  readonly rebuildWhen?: readonly string[];
  readonly context?: string;
  readonly registry?: string;
  readonly host?: Host;
  readonly platforms?: readonly string[];
  readonly hasCache?: boolean;
  readonly hasDev?: boolean;
  readonly tokenEnv?: string;
  readonly sign?: boolean;
  /** The programs are in the repository: there is no command that generates them. */
  readonly isCommitted?: boolean;
}

/** Declares the stack of 001 with its workflows. */
export function declareWorkflows(
  stack: TerraformStack,
  props: Partial<ImageWorkflowsProps> = {},
  own: WorkflowStackProps = {},
): ImageWorkflows {
  const { registry, rebuildWhen, tokenEnv } = own;
  const builder = new GpuBuilder(stack, "builder", { host: own.host ?? Host.local(), engine: own.engine ?? "podman" });
  const base = new BaseImage(stack, "sindri-base", {
    context: own.context ?? "v3",
    file: "Dockerfile.base",
    repository: "sindri",
    version: "3.0.0",
    args: own.args ?? { RUST_VERSION: "1.93", UBUNTU_VERSION: "24.04", GH_VERSION: "2.86.0" },
    ...(rebuildWhen && { rebuildWhen }),
  });
  const publication = new GhcrPublication(stack, "publish-base", {
    image: base,
    repository: GhcrRepository.of("pacphi/sindri", registry === undefined ? {} : { registry }),
    builder,
    platforms: own.platforms ?? ["linux/amd64", "linux/arm64"],
    sign: own.sign ?? true,
    ...(own.hasCache && { cache: GhcrRepository.of("pacphi/sindri-cache") }),
    ...(tokenEnv !== undefined && { tokenEnv }),
  });
  const dev =
    own.hasDev === false
      ? undefined
      : new DevImage(stack, "sindri", { base, context: ".", file: "v3/Dockerfile.dev", repository: "sindri" });
  return new ImageWorkflows(stack, "workflows", {
    publication,
    ...(own.isCommitted !== true && { synthCommand: SYNTH }),
    ...(dev && { dev, checks: [{ name: "Version", run: '"$ENGINE" run --rm "$IMAGE" sindri --version' }] }),
    ...props,
  });
}

/** The stack, synthesized. */
export function workflowTemplate(props: Partial<ImageWorkflowsProps> = {}, own: WorkflowStackProps = {}): Template {
  return Template.of((stack) => void declareWorkflows(stack, props, own), { aws: false });
}

export const BUILD_BASE = ".github/workflows/build-base.yml";
export const CI = ".github/workflows/ci.yml";

/** A job as a reader of YAML sees it. */
export interface Job {
  readonly name: string;
  readonly if?: string;
  readonly needs?: readonly string[];
  readonly "runs-on": string;
  readonly "timeout-minutes": number;
  readonly permissions: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly WorkflowStep[];
}

/** A step of a job. */
export interface WorkflowStep {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A workflow as a reader of YAML sees it. */
export interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly group: string; readonly "cancel-in-progress": boolean | string };
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

export const readWorkflow = (text: string) => parse(text) as Workflow;

/** All steps of a workflow. */
export const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps }) => steps);
