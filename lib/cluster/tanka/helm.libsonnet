// A chart as Kubernetes objects. The values come as data; the text of the chart's own values.yaml says which keys it knows.
local helmTemplate = std.native('helmTemplate');
local values = import 'values.libsonnet';

// Kinds that stand in no namespace, among those that charts make.
local clusterScoped = [
  'APIService',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'IngressClass',
  'MutatingWebhookConfiguration',
  'Namespace',
  'PersistentVolume',
  'PriorityClass',
  'StorageClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
];

local inNamespace(namespace, object) =
  if std.member(clusterScoped, object.kind) || std.objectHas(object.metadata, 'namespace') then object
  else object { metadata+: { namespace: namespace } };

{
  // options: one of releases.json, with calledFrom (std.thisFile); about: the text of Chart.yaml
  release(options, given, defaults, about)::
    // The keys of a chart that the stack knows were checked when it was synthesized.
    local checked = if std.objectHas(options, 'allowUnknown') then values.check(options.release, given, defaults, options.allowUnknown, about) else given;
    local objects = helmTemplate(options.release, options.chart, {
      calledFrom: options.calledFrom,
      namespace: options.namespace,
      kubeVersion: options.kubeVersion,
      noHooks: options.noHooks,
      includeCrds: options.includeCrds,
      values: checked,
    });
    {
      // The label says which release an object is of: what a chart puts on its objects differs from chart to chart.
      [key]: inNamespace(options.namespace, objects[key]) { metadata+: { labels+: { 'io.gantry/part': options.release } } }
      for key in std.objectFields(objects)
    },
}
