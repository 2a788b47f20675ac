import type { EnvModel } from "../core/render/env";
import { startOrder } from "./dev-stack.rules";
import { portsOf, type DevServiceModel, type DevStackModel } from "./dev-stack.schema";

/** Names of what a DevStack makes on an engine. */
export interface DevNames {
  readonly container: (service: string) => string;
  readonly image: (service: string) => string;
  readonly volume: (volume: string) => string;
  readonly network: string;
}

export function devNames(id: string, { network }: DevStackModel): DevNames {
  return {
    container: (service) => `${id}-${service}-dev`,
    image: (service) => `localhost/${id}-${service}`,
    volume: (volume) => `${id}-${volume}`,
    network: network ?? `${id}-dev-network`,
  };
}

/** Settings of the program, but for where the stack is: `<id>/dev.env`. */
export function devSettings(id: string, props: DevStackModel): EnvModel {
  const order = startOrder(props.services);
  const { native } = props;
  return {
    PROJECT: props.project,
    ENGINE: props.engine,
    NETWORK: devNames(id, props).network,
    SERVICES: order.join(" "),
    FAST_SERVICES: order.filter((name) => !props.services[name]?.fullOnly).join(" "),
    ENV_TEMPLATE: props.envTemplate,
    SHIMS: props.scripts,
    ...numbered("DIRECTORY", props.directories),
    ...numbered(
      "MODEL",
      props.models.map(({ sha256, url, path }) => `${sha256} ${url} ${path}`),
    ),
    ...numbered(
      "EXTERNAL",
      Object.entries(props.external).map(([name, { port, purpose = "" }]) => `${port} ${name} ${purpose}`.trim()),
    ),
    NATIVE: native === undefined ? "" : 1,
    ...(native && {
      NATIVE_PYTHON: native.python,
      NATIVE_REQUIREMENTS: native.requirements ?? "",
      NATIVE_NEEDS: native.needs.join(" "),
      NATIVE_PORT: native.port ?? "",
      NATIVE_VENV: native.venv,
      NATIVE_ENV_FILE: native.envFile ?? "",
      ...numbered("NATIVE_COMMAND", native.command),
      ...numbered("NATIVE_ENV", pairs(native.env)),
    }),
  };
}

/** Settings of one service: `<id>/services/<name>.env`. */
export function serviceSettings(id: string, name: string, props: DevStackModel, service: DevServiceModel): EnvModel {
  const names = devNames(id, props);
  const { build, health } = service;
  const ports = portsOf(service);
  return {
    SERVICE: name,
    CONTAINER: names.container(name),
    IMAGE_NAME: names.image(name),
    IMAGE_REF: service.image ?? "",
    CONTEXT: build?.context ?? "",
    CONTAINERFILE: build?.file ?? "",
    TARGET: build?.target ?? "",
    PRODUCTION_FILE: build?.productionFile ?? build?.file ?? "",
    PRODUCTION_TARGET: build?.productionTarget ?? "",
    ...numbered("ARG", pairs(build?.args ?? {})),
    ...numbered(
      "PORT",
      ports.map(({ host, container }) => `${host}:${container}`),
    ),
    ...numbered(
      "LIVE",
      Object.entries(service.live).map(([source, target]) => `${source}:${target}`),
    ),
    LIVE_LABELS: Object.keys(service.live)
      .map((source) => (isShared(props, name, source) ? "z" : "Z"))
      .join(" "),
    ...numbered(
      "VOLUME",
      Object.entries(service.volumes).map(([volume, target]) => `${names.volume(volume)}:${target}`),
    ),
    ...numbered(
      "DEPENDENCY_VOLUME",
      Object.entries(service.dependencyVolumes).map(([volume, target]) => `${names.volume(volume)}:${target}`),
    ),
    ...numbered("DEPENDENCY", service.dependencies),
    ...numbered("ENV", pairs(service.env)),
    ENV_FILE: service.envFile ?? "",
    ...numbered("ENTRYPOINT", service.entrypoint ?? []),
    ...numbered("COMMAND", service.command ?? []),
    ...numbered("DEVICE", service.devices),
    HEALTH_PATH: health?.path ?? "",
    HEALTH_PORT: health?.path === undefined ? "" : (health.port ?? ports[0]?.host ?? ""),
    HEALTH_TIMEOUT: health?.timeoutSeconds ?? 60,
    ...numbered("HEALTH_COMMAND", health?.command ?? []),
    DEPENDS_ON: service.dependsOn.join(" "),
    STOP_SECONDS: service.stopSeconds,
    KEEP_ID: service.user === "host" ? 1 : "",
  };
}

/** Whether another service mounts the directory, one above or one below it: SELinux's private label would lock one out. */
export function isShared({ services }: DevStackModel, owner: string, source: string): boolean {
  const within = (inner: string, outer: string) => outer === "." || inner === outer || inner.startsWith(`${outer}/`);
  return Object.entries(services).some(
    ([name, { live }]) =>
      name !== owner && Object.keys(live).some((other) => within(other, source) || within(source, other)),
  );
}

function pairs(record: Readonly<Record<string, string>>): string[] {
  return Object.entries(record).map(([name, value]) => `${name}=${value}`);
}

/** `ARG_COUNT`, `ARG_1`, `ARG_2` …: the list a shell without arrays in files can read. */
function numbered(name: string, values: readonly string[]): EnvModel {
  const entries = values.map((value, i): [string, string] => [`${name}_${i + 1}`, value]);
  return { [`${name}_COUNT`]: values.length, ...Object.fromEntries(entries) };
}
