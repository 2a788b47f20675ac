import type { ContainerfileMount, ContainerfileStep, ContainerfileText } from "./containerfile.model";

type Kind<K extends ContainerfileStep["kind"]> = Extract<ContainerfileStep, { kind: K }>;
type MountOf<T extends ContainerfileMount["type"]> = Omit<Extract<ContainerfileMount, { type: T }>, "type" | "target">;
interface RunProps {
  readonly mounts?: readonly ContainerfileMount[];
}

/** Steps of a stage. What they hold is checked by {@link Containerfile.of}, all of it together. */
export const Step = {
  /** A build argument of the stage, or one declared before all stages that the stage wants to see. */
  arg: (name: string, value?: ContainerfileText): Kind<"arg"> => ({
    kind: "arg",
    name,
    ...(value === undefined ? {} : { value }),
  }),
  /** Environment of later steps and of the container. */
  env: (values: Readonly<Record<string, ContainerfileText>>): Kind<"env"> => ({ kind: "env", values }),
  label: (values: Readonly<Record<string, ContainerfileText>>): Kind<"label"> => ({ kind: "label", values }),
  /** Runs a program with exactly these words: no shell, nothing is expanded. */
  run: (command: readonly string[], props: RunProps = {}): Kind<"run"> => ({ kind: "run", command, ...props }),
  /** Runs commands in the image's shell, one after the other while they succeed. */
  shell: (commands: readonly string[], props: RunProps = {}): Kind<"shell"> => ({ kind: "shell", commands, ...props }),
  /** Copies files of the context, or of another stage. Of a directory, what is in it. */
  copy: (
    sources: readonly string[],
    to: ContainerfileText,
    props: Omit<Kind<"copy">, "kind" | "sources" | "to"> = {},
  ): Kind<"copy"> => ({ kind: "copy", sources, to, ...props }),
  workdir: (path: ContainerfileText): Kind<"workdir"> => ({ kind: "workdir", path }),
  /** User of later steps and of the container. */
  user: (user: ContainerfileText): Kind<"user"> => ({ kind: "user", user }),
  /** Shell of later {@link Step.shell} steps, such as `["/bin/bash", "-o", "pipefail", "-c"]`. podman heeds it only in docker's image format. */
  defaultShell: (command: readonly string[]): Kind<"default-shell"> => ({ kind: "default-shell", command }),
  /** What asks the container to end, such as `"SIGRTMIN+3"` for systemd. */
  stopSignal: (signal: string): Kind<"stop-signal"> => ({ kind: "stop-signal", signal }),
  entrypoint: (command: readonly string[]): Kind<"entrypoint"> => ({ kind: "entrypoint", command }),
  cmd: (command: readonly string[]): Kind<"cmd"> => ({ kind: "cmd", command }),
  expose: (port: number, protocol?: "tcp" | "udp"): Kind<"expose"> => ({
    kind: "expose",
    port,
    ...(protocol === undefined ? {} : { protocol }),
  }),
  volume: (paths: readonly string[]): Kind<"volume"> => ({ kind: "volume", paths }),
  /** What says whether the container is well. podman keeps it only in docker's image format. */
  healthcheck: (
    command: readonly string[],
    props: Omit<Kind<"healthcheck">, "kind" | "command"> = {},
  ): Kind<"healthcheck"> => ({
    kind: "healthcheck",
    command,
    ...props,
  }),
  comment: (text: string): Kind<"comment"> => ({ kind: "comment", text }),
} as const;

/** What a {@link Step.run} or {@link Step.shell} sees besides the image. */
export const Mount = {
  /** A directory that stays on the machine between builds. */
  cache: (target: string, props: MountOf<"cache"> = {}): ContainerfileMount => ({ type: "cache", target, ...props }),
  /** A secret of the image, as the file `/run/secrets/<id>` unless a target is given. */
  secret: (
    id: string,
    props: Omit<Extract<ContainerfileMount, { type: "secret" }>, "type" | "id"> = {},
  ): ContainerfileMount => ({
    type: "secret",
    id,
    ...props,
  }),
  /** Files of the context or of another stage, for reading. */
  bind: (target: string, props: MountOf<"bind"> = {}): ContainerfileMount => ({ type: "bind", target, ...props }),
  /** Memory that is gone after the step. */
  tmpfs: (target: string): ContainerfileMount => ({ type: "tmpfs", target }),
} as const;
