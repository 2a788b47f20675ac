// The keys of values against those of a chart's own values.yaml, for charts that the stack has no table of keys for. Runs when
// the chart is rendered, because only then is it there.

// Maps that Kubernetes, not the chart, knows the keys of, by the end of their names.
local foreign = [
  'labels',
  'annotations',
  'nodeselector',
  'affinity',
  'securitycontext',
  'probe',
  'strategy',
  'poddisruptionbudget',
  'dnsconfig',
  'resources',
];

local parse(text) =
  local parsed = std.parseYaml(text);
  // A text with `---` anywhere in it, a comment too, is read as a list of documents.
  local documents = if std.isArray(parsed) then std.filter(std.isObject, parsed) else [parsed];
  if std.length(documents) > 0 && std.isObject(documents[0]) then documents[0] else {};

local isForeign(name, map) =
  local lower = std.asciiLower(name);
  std.length([end for end in foreign if std.endsWith(lower, end)]) > 0
  // A map of nothing but maps has one for each part of the chart, such as podAnnotations.operator.
  && !(lower != 'resources' && std.all([std.isObject(map[key]) for key in std.objectFields(map)]));

local distance(a, b) =
  local last = std.foldl(
    function(row, i) std.foldl(
      function(next, j)
        local change = row[j] + (if a[i] == b[j] then 0 else 1);
        next + [std.min(std.min(row[j + 1] + 1, next[j] + 1), change)],
      std.range(0, std.length(b) - 1),
      [i + 1],
    ),
    std.range(0, std.length(a) - 1),
    std.range(0, std.length(b)),
  );
  last[std.length(b)];

local nearest(word, candidates) =
  local limit = if std.length(word) <= 3 then 1 else std.max(2, std.floor(std.length(word) / 3));
  local ranked = std.sort(
    [{ name: name, far: distance(std.asciiLower(word), std.asciiLower(name)) } for name in candidates],
    function(each) each.far,
  );
  if std.length(ranked) > 0 && ranked[0].far <= limit then ranked[0].name else null;

local faults(chart, given, known, allowUnknown, path) =
  std.flattenArrays([
    local at = if path == '' then key else path + '.' + key;
    if std.length([each for each in allowUnknown if at == each || std.startsWith(at, each + '.')]) > 0 then
      []
    else if !std.objectHas(known, key) then
      local guess = nearest(key, std.objectFields(known));
      ['values.%s: unknown key of %s; %s' % [
        at,
        chart,
        if guess == null
        then 'known here: ' + std.join(', ', std.objectFields(known))
        else 'did you mean "%s"?' % guess,
      ]]
    else if std.isObject(given[key]) && std.isObject(known[key]) && known[key] != {} && !isForeign(key, known[key]) then
      faults(chart, given[key], known[key], allowUnknown, at)
    else
      []
    for key in std.objectFields(given)
  ]);

{
  // The values as they are, or one error with all keys that the chart does not know.
  // chart: for people, such as the name of the release; valuesYaml, chartYaml: the texts of these files of the chart.
  check(chart, values, valuesYaml, allowUnknown, chartYaml):
    local named = std.get(parse(chartYaml), 'dependencies');
    local dependencies = if named == null then [] else named;
    local known = parse(valuesYaml);
    // Values of the charts in it are in files of their own, and globals are everybody's.
    local open = ['global', 'tags'] + [std.get(each, 'alias', each.name) for each in dependencies];
    // A chart that names no values at all says nothing about its keys.
    local found = if known == {} then [] else faults(chart, values, known, open + allowUnknown, '');
    if std.length(found) == 0 then
      values
    else
      error std.join('\n  ', ['%s: invalid values' % chart] + found + ['(where the chart does read a key: allowUnknown)']),
}
