// What bench/cluster.bench.ts compares with: the objects of charts and workloads as somebody would write them without the library.

/** Path and text of each file. */
export function* handWrittenCluster(count: number, image: string): Generator<[string, string]> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const directory = "tanka/environments/local";
  const namespace = "apps";
  const part = "app.kubernetes.io/part-of";
  const numbers = Array.from({ length: count }, (_, i) => i);
  const release = (i: number) =>
    `  'chart-${i}': helm.template('chart-${i}', '../../vendor/chart-${i}', { values: import 'values/chart-${i}.json' }),\n`;
  const workload = (i: number) => `  'app-${i}': import 'manifests/app-${i}.json',\n`;
  yield [`${directory}/main.jsonnet`, `{\n${numbers.map((i) => release(i) + workload(i)).join("")}}\n`];
  yield [
    `${directory}/spec.json`,
    json({
      apiVersion: "tanka.dev/v1alpha1",
      kind: "Environment",
      metadata: { name: "environments/local" },
      spec: { contextNames: ["k3s-bench"], namespace, applyStrategy: "server", injectLabels: true },
    }),
  ];
  yield [
    `${directory}/manifests/namespace.json`,
    json([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: { [part]: "bench" } } }]),
  ];
  for (const i of numbers) {
    const name = `app-${i}`;
    const labels = { app: name, "app.kubernetes.io/name": name, [part]: "bench" };
    const metadata = { name, namespace, labels };
    const probe = { tcpSocket: { port: "http" } };
    yield [`${directory}/values/chart-${i}.json`, json({ replicas: 1, auth: { existingSecret: "auth" } })];
    yield [
      `${directory}/manifests/${name}.json`,
      json([
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata,
          spec: {
            replicas: 1,
            selector: { matchLabels: { app: name } },
            template: {
              metadata: { labels },
              spec: {
                containers: [
                  {
                    name,
                    image,
                    imagePullPolicy: "IfNotPresent",
                    ports: [{ name: "http", containerPort: 8080 }],
                    env: [{ name: "LEVEL", value: "info" }],
                    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "128Mi" } },
                    readinessProbe: { ...probe, periodSeconds: 5 },
                    livenessProbe: { ...probe, initialDelaySeconds: 15, periodSeconds: 20 },
                  },
                ],
              },
            },
          },
        },
        {
          apiVersion: "v1",
          kind: "Service",
          metadata,
          spec: { selector: { app: name }, ports: [{ name: "http", port: 8080, targetPort: "http" }] },
        },
      ]),
    ];
  }
}
