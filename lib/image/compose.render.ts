import type { Data } from "../core/render/model";
import { renderYaml } from "../core/render/yaml";
import { devNames, isShared } from "./dev-settings";
import { startOrder } from "./dev-stack.rules";
import { portsOf, type DevServiceModel, type DevStackModel } from "./dev-stack.schema";

/**
 * Prints the compose file of a DevStack. Where the project is, which images are current and whether SELinux is there is
 * known when the program runs: it gives them as `DEV_…` variables.
 */
export function renderCompose(id: string, props: DevStackModel): string {
  const names = devNames(id, props);
  const services = startOrder(props.services).flatMap((name) => {
    const service = props.services[name];
    return service === undefined ? [] : [[name, composeService(id, name, props, service)] as const];
  });
  const all = Object.entries(props.services);
  const kept = new Set(all.flatMap(([, { volumes }]) => Object.keys(volumes)));
  const byHash = all.flatMap(([name, { dependencyVolumes }]) =>
    Object.keys(dependencyVolumes).map((volume) => [volume, name] as const),
  );
  return renderYaml(
    {
      services: Object.fromEntries(services),
      // Networks and volumes are made by the program, which labels them.
      networks: { [names.network]: { external: true, name: names.network } },
      volumes: {
        ...Object.fromEntries([...kept].map((volume) => [volume, { external: true, name: names.volume(volume) }])),
        ...Object.fromEntries(
          byHash.map(([volume, service]) => [
            volume,
            { external: true, name: `${names.volume(volume)}-\${${variable(service)}_HASH}` },
          ]),
        ),
      },
    },
    { header: `# The whole stack. Started by bin/${id} full, which sets the variables.\n` },
  );
}

function composeService(id: string, name: string, props: DevStackModel, service: DevServiceModel): Data {
  const names = devNames(id, props);
  const text = (value: string) => value.replaceAll("$", "$$$$");
  const command = (words: readonly string[]) => words.map(text);
  const ports = portsOf(service).map(({ host, container }) => `127.0.0.1:${host}:${container}`);
  const mounts = [
    ...Object.entries(service.live).map(
      ([source, target]) =>
        `\${DEV_ROOT}/${text(source)}:${text(target)}:rw\${DEV_LABEL_${isShared(props, name, source) ? "SHARED" : "OWN"}}`,
    ),
    ...[...Object.entries(service.volumes), ...Object.entries(service.dependencyVolumes)].map(
      ([volume, target]) => `${volume}:${text(target)}`,
    ),
  ];
  return {
    container_name: names.container(name),
    image: `\${${variable(name)}_IMAGE}`,
    init: true,
    ...(service.entrypoint && { entrypoint: command(service.entrypoint) }),
    ...(service.command && { command: command(service.command) }),
    ...(service.devices.length > 0 && { devices: [...service.devices] }),
    ...(ports.length > 0 && { ports }),
    ...(mounts.length > 0 && { volumes: mounts }),
    ...(Object.keys(service.env).length > 0 && {
      environment: Object.fromEntries(Object.entries(service.env).map(([key, value]) => [key, text(value)])),
    }),
    ...(service.envFile !== undefined && { env_file: [`\${DEV_ROOT}/${text(service.envFile)}`] }),
    // podman has this name by itself.
    ...(props.engine === "docker" && { extra_hosts: ["host.containers.internal:host-gateway"] }),
    ...(service.dependsOn.length > 0 && { depends_on: [...service.dependsOn] }),
    stop_grace_period: `${service.stopSeconds}s`,
    networks: [names.network],
    labels: {
      "io.gantry.project": props.project,
      "io.gantry.dev": id,
      "io.gantry.service": name,
      "io.gantry.root": "${DEV_ROOT}",
      "io.gantry.config": `\${${variable(name)}_CONFIG}`,
    },
  };
}

/** `DEV_LM_STUDIO` of `lm-studio`: what a variable of a service begins with. */
function variable(service: string): string {
  return `DEV_${service.toUpperCase().replaceAll("-", "_")}`;
}
