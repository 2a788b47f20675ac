import type { Fault } from "../core/errors";
import { portsOf, type DevServiceModel, type DevStackModel } from "./dev-stack.schema";

/** What must hold between the props of a DevStack. */
export function devStackFaults(props: DevStackModel): Fault[] {
  const services = Object.entries(props.services);
  return [
    ...services.flatMap(([name, service]) => serviceFaults(`services.${name}`, service, Object.keys(props.services))),
    ...portFaults(props),
    ...cycleFaults(props),
    ...volumeFaults(props),
  ];
}

function serviceFaults(place: string, service: DevServiceModel, names: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  const fault = (property: string, message: string) => faults.push({ property: `${place}${property}`, message });
  if ((service.build === undefined) === (service.image === undefined))
    fault("", "allowed: exactly one of build and image");
  for (const source of Object.keys(service.live)) {
    if (!looksLikeFile(source)) continue;
    fault(
      `.live["${source}"]`,
      `got a single file; allowed: a directory. An editor that saves by renaming leaves the container with the old file; mount its directory, or use envFile for an .env`,
    );
  }
  const targets = new Map<string, string>();
  for (const kind of ["live", "volumes", "dependencyVolumes"] as const) {
    for (const [source, target] of Object.entries(service[kind])) {
      const twin = targets.get(target);
      if (twin !== undefined) {
        fault(`.${kind}["${source}"]`, `got "${target}", where ${twin} is mounted; allowed: each place once`);
      }
      targets.set(target, `${kind}["${source}"]`);
    }
  }
  if (Object.keys(service.dependencyVolumes).length > 0 && service.dependencies.length === 0) {
    fault(".dependencies", "missing; allowed: the lock file that dependencyVolumes are named by");
  }
  if (service.image !== undefined && service.dependencies.length > 0) {
    fault(".dependencies", "allowed: nothing beside image, which is never built");
  }
  const { health } = service;
  if (health !== undefined && (health.path === undefined) === (health.command === undefined)) {
    fault(".health", "allowed: exactly one of path and command");
  }
  if (health?.path !== undefined) {
    const hosts = portsOf(service).map(({ host }) => host);
    if (hosts.length === 0) fault(".health.path", "allowed: nothing without ports; use command");
    else if (health.port !== undefined && !hosts.includes(health.port)) {
      fault(".health.port", `got ${health.port}; allowed: a host port of the service, ${hosts.join(", ")}`);
    }
  }
  service.dependsOn.forEach((other, i) => {
    if (names.includes(other)) return;
    fault(`.dependsOn[${i}]`, `got "${other}"; allowed: a service of this stack, ${names.join(", ")}`);
  });
  return faults;
}

/** A name that only a file has. What the disk has is not looked at before a program runs, which checks it again. */
function looksLikeFile(path: string): boolean {
  const base = path.slice(path.lastIndexOf("/") + 1);
  return /^\.env(\.|$)|^(Containerfile|Dockerfile|Makefile)$|.\.(json|toml|txt|ya?ml|py|[cm]?[jt]sx?|lock|ini|cfg|conf|html|css|md|sh|sql|xml)$/.test(
    base,
  );
}

function portFaults({ services, external }: DevStackModel): Fault[] {
  const faults: Fault[] = [];
  const holders = new Map<number, string>();
  for (const [name, service] of Object.entries(services)) {
    portsOf(service).forEach(({ host }, i) => {
      const holder = holders.get(host);
      if (holder !== undefined) {
        faults.push({
          property: `services.${name}.ports[${i}]`,
          message: `got ${host}, the port of ${holder}; allowed: each host port once`,
        });
      }
      holders.set(host, `services.${name}`);
    });
  }
  for (const [name, { port }] of Object.entries(external)) {
    const holder = holders.get(port);
    // A service of `full` may stand in for a server that somebody else starts.
    const service = holder === undefined ? undefined : services[holder.slice("services.".length)];
    if (holder === undefined || service?.fullOnly === true) continue;
    faults.push({
      property: `external.${name}.port`,
      message: `got ${port}, the port of ${holder}; allowed: a port that no service of fast has`,
    });
  }
  return faults;
}

function cycleFaults({ services }: DevStackModel): Fault[] {
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): Fault | undefined => {
    if (above.includes(name)) {
      const circle = [...above.slice(above.indexOf(name)), name];
      return { property: `services.${name}.dependsOn`, message: `got a circle, ${circle.join(" -> ")}; allowed: none` };
    }
    if (done.has(name)) return undefined;
    for (const other of services[name]?.dependsOn ?? []) {
      const fault = visit(other, [...above, name]);
      if (fault) return fault;
    }
    done.add(name);
    return undefined;
  };
  for (const name of Object.keys(services)) {
    const fault = visit(name, []);
    if (fault) return [fault];
  }
  for (const [name, service] of Object.entries(services)) {
    if (service.fullOnly) continue;
    const late = service.dependsOn.find((other) => services[other]?.fullOnly);
    if (late === undefined) continue;
    return [
      {
        property: `services.${name}.dependsOn`,
        message: `got "${late}", which fast leaves out; allowed: services of fast, or fullOnly here too`,
      },
    ];
  }
  return [];
}

/** A volume that services share by its name cannot also be named by one service's dependencies. */
function volumeFaults({ services }: DevStackModel): Fault[] {
  const shared = new Set(Object.values(services).flatMap(({ volumes }) => Object.keys(volumes)));
  const owners = new Map<string, string>();
  return Object.entries(services).flatMap(([service, { dependencyVolumes }]) =>
    Object.keys(dependencyVolumes).flatMap((name) => {
      const owner = shared.has(name) ? "volumes" : owners.get(name);
      owners.set(name, `services.${service}`);
      if (owner === undefined) return [];
      return [
        {
          property: `services.${service}.dependencyVolumes.${name}`,
          message: `got a name that ${owner} has too; allowed: another name`,
        },
      ];
    }),
  );
}

/** Names of the services, each after those it depends on, otherwise in the order given. */
export function startOrder(services: DevStackModel["services"]): string[] {
  const order = new Set<string>();
  const visit = (name: string) => {
    for (const other of services[name]?.dependsOn ?? []) visit(other);
    order.add(name);
  };
  Object.keys(services).forEach(visit);
  return [...order];
}
