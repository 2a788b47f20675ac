// What the stack declares, as Kubernetes objects. Everything here is an import: the data lies beside it as JSON.
local helm = import 'helm.libsonnet';
local releases = import 'releases.json';

{
  'namespace-raibid-system': import 'manifests/namespace-raibid-system.json',
  redis: helm.release(
    releases.redis { calledFrom: std.thisFile },
    import 'values/redis.json',
    importstr '../../vendor/redis/values.yaml',
    importstr '../../vendor/redis/Chart.yaml',
  ),
  gitea: helm.release(
    releases.gitea { calledFrom: std.thisFile },
    import 'values/gitea.json',
    importstr '../../vendor/gitea/values.yaml',
    importstr '../../vendor/gitea/Chart.yaml',
  ),
  keda: helm.release(
    releases.keda { calledFrom: std.thisFile },
    import 'values/keda.json',
    importstr '../../vendor/keda/values.yaml',
    importstr '../../vendor/keda/Chart.yaml',
  ),
  flux2: helm.release(
    releases.flux2 { calledFrom: std.thisFile },
    import 'values/flux2.json',
    importstr '../../vendor/flux2/values.yaml',
    importstr '../../vendor/flux2/Chart.yaml',
  ),
  'raibid-server': import 'manifests/raibid-server.json',
  'raibid-agent': import 'manifests/raibid-agent.json',
}
