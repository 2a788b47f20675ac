# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016 # templates of Go are no shell
# down: removes from the cluster what the environment made, and nothing else.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"

help_down() {
  cat <<TEXT
Usage: $PROGRAM down [--crds] [--keep-data] [--yes] [ENVIRONMENT]

Removes everything that carries the label of the environment. A namespace that apply made and that holds nothing of others goes
with its Secrets and volumes; every other namespace stays, and what others put there. The images on the nodes stay.

  --crds        definitions (CRDs) of the charts as well: all resources of these kinds go with them, in every namespace
  --keep-data   Secrets, volumes and the namespaces they are in stay
TEXT
}

cmd_down() {
  local crds='' keep='' words=() objects count
  while [ $# -gt 0 ]; do
    case $1 in
      --crds) crds=1 ;;
      --keep-data) keep=1 ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  GANTRY_CONTEXT='' # what Tilt is in: here Tanka decides, and it takes the first that the environment names
  environment_argument down ${words[@]+"${words[@]}"}
  need_cluster
  temp_dir
  phase look
  made_objects >"$TEMP_DIR/made" || die 69 "the objects of the cluster cannot be read"
  if [ -z "$crds" ]; then without '^customresourcedefinitions\.' "$TEMP_DIR/made"; fi
  if [ -n "$keep" ]; then without '^(namespaces|secrets|persistentvolumeclaims) ' "$TEMP_DIR/made"; fi
  volumes_of_sets
  namespaces_to_remove >"$TEMP_DIR/namespaces"
  without '^namespaces ' "$TEMP_DIR/made"
  count=$(wc -l <"$TEMP_DIR/made" | tr -d ' ')
  if [ "$count" -eq 0 ] && ! [ -s "$TEMP_DIR/namespaces" ]; then
    note "the environment $ENVIRONMENT has nothing in this cluster"
    return
  fi
  objects="$count objects"
  if [ -s "$TEMP_DIR/namespaces" ]; then objects="$objects, and the namespaces $(tr '\n' ' ' <"$TEMP_DIR/namespaces")with their Secrets and volumes"; fi
  if [ -n "$DRY_RUN" ]; then
    announce "would remove:"
    while read -r kind namespace name; do announce "  $kind $namespace/$name"; done <"$TEMP_DIR/made"
    while read -r name; do announce "  namespaces $name"; done <"$TEMP_DIR/namespaces"
    return
  fi
  confirmed "remove $objects from the cluster of the context $CONTEXT?" || die 77 "nothing was removed"
  phase remove
  # Resources of KEDA and Flux first, while their operators still run: these take their own marks off, without which nothing goes.
  # Then what the API server asks others for: with the servers gone, it could remove no namespace.
  remove '\.(keda\.sh|fluxcd\.io) '
  remove '^(apiservices|validatingwebhookconfigurations|mutatingwebhookconfigurations)\.'
  remove '.'
  if [ -s "$TEMP_DIR/namespaces" ]; then
    xargs kubectl --context "$CONTEXT" delete namespace --ignore-not-found --wait --timeout=300s <"$TEMP_DIR/namespaces" >&2 \
      || die 69 "not all namespaces are gone"
  fi
  note "removed: $objects"
}

# without PATTERN FILE: drops the lines.
without() {
  grep -Ev "$1" "$2" >"$2.new" || :
  mv -- "$2.new" "$2"
}

# made_objects: kind, namespace (- for none) and name of what the environment made. What a controller made (and labelled as its
# owner) is not listed: it goes with its owner.
made_objects() {
  local kinds
  kinds=$(kube api-resources --verbs=list,delete -o name | grep -Ev '^(events|events\.events\.k8s\.io|endpoints|endpointslices\.discovery\.k8s\.io)$') || return 1
  kube get "$(printf '%s' "$kinds" | tr '\n' ',')" --all-namespaces --ignore-not-found --show-managed-fields -l "$ENVIRONMENT_LABEL" -o 'go-template=
{{- range .items}}{{$ours := false}}{{range .metadata.managedFields}}{{if eq .manager "tanka"}}{{$ours = true}}{{end}}{{end -}}
{{- if $ours}}{{.apiVersion}} {{.kind}} {{or .metadata.namespace "-"}} {{.metadata.name}}{{"\n"}}{{end}}{{end}}' >"$TEMP_DIR/labelled" || return 1
  kube api-resources --verbs=list,delete --no-headers >"$TEMP_DIR/kinds" || return 1
  # Kind and apiVersion become the name that kubectl takes, such as scaledjobs.keda.sh.
  awk 'NR == FNR { plural[$(NF - 2) " " $NF] = $1; next }
    { group = ""; if (index($1, "/")) { group = $1; sub(/\/.*/, "", group); group = "." group }
      if (($1 " " $2) in plural) print plural[$1 " " $2] group, $3, $4 }' "$TEMP_DIR/kinds" "$TEMP_DIR/labelled" | sort -u
}

# volumes_of_sets: CLAIMS = what the claims of our StatefulSets are called, as patterns of namespace/name.
volumes_of_sets() {
  CLAIMS=$(kube get statefulsets --all-namespaces -l "$ENVIRONMENT_LABEL" -o 'go-template=
{{- range .items}}{{$set := .metadata}}{{range .spec.volumeClaimTemplates}}{{$set.namespace}}/{{.metadata.name}}-{{$set.name}}-{{"\n"}}{{end}}{{end}}') \
    || die 69 "the StatefulSets cannot be read"
}

# namespaces_to_remove: those that apply made, and that hold nothing of others.
namespaces_to_remove() {
  local name made others
  while read -r _ _ name; do
    made=$(kube get namespace "$name" -o "go-template={{index .metadata.annotations \"$MADE_BY\"}}" 2>/dev/null) || made=''
    if [ "$made" != "${ENVIRONMENT_LABEL#*=}" ]; then
      note "the namespace $name was there before: it stays"
      continue
    fi
    others=$(others_in "$name") || die 69 "what is in the namespace $name cannot be read"
    if [ -n "$others" ]; then
      note "the namespace $name stays: it holds ${others//$'\n'/, }"
    else
      say "$name"
    fi
  done < <(grep '^namespaces ' "$TEMP_DIR/made")
}

# others_in NAMESPACE: what neither the environment, nor a controller, nor Kubernetes itself put there.
others_in() {
  local kinds
  kinds=$(kube api-resources --verbs=list,delete --namespaced -o name \
    | grep -Ev '^(events|events\.events\.k8s\.io|endpoints|endpointslices\.discovery\.k8s\.io|leases\.coordination\.k8s\.io|pods\.metrics\.k8s\.io)$') || return 1
  kube -n "$1" get "$(printf '%s' "$kinds" | tr '\n' ',')" --ignore-not-found -o "go-template=
{{- range .items}}{{if not .metadata.ownerReferences}}{{.kind}}/{{.metadata.name}} {{with .metadata.labels}}{{index . \"${ENVIRONMENT_LABEL%%=*}\"}}{{end}}{{\"\\n\"}}{{end}}{{end}}" \
    | awk -v ours="${ENVIRONMENT_LABEL#*=}" -v namespace="$1" -v claims="$CLAIMS" '
      BEGIN { n = split(claims, claim, "\n") }
      $2 == ours || $1 == "ConfigMap/kube-root-ca.crt" || $1 == "ServiceAccount/default" { next }
      $1 == "Secret/kedaorg-certs" { next } # its operator makes it
      { what = $1; if (sub(/^PersistentVolumeClaim\//, namespace "/", what)) {
          for (i = 1; i <= n; i++) if (claim[i] != "" && index(what, claim[i]) == 1 && substr(what, length(claim[i]) + 1) ~ /^[0-9]+$/) next } }
      { print $1 }' | sort -u
}

# remove PATTERN: the objects of the list that match, one call for each kind and namespace.
remove() {
  local kind namespace names
  grep -E "$1" "$TEMP_DIR/made" >"$TEMP_DIR/now" || return 0
  awk '{ key = $1 " " $2; names[key] = names[key] " " $3 } END { for (key in names) print key names[key] }' "$TEMP_DIR/now" >"$TEMP_DIR/calls"
  while read -r kind namespace names; do
    if [ "$namespace" = - ]; then namespace=''; fi
    # shellcheck disable=SC2086 # names of objects are words
    kube ${namespace:+-n "$namespace"} delete "$kind" $names --ignore-not-found --wait --timeout=120s >&2 </dev/null \
      || die 69 "$kind $names: not removed" "what is gone is gone; call it again: $PROGRAM down $ENVIRONMENT"
  done <"$TEMP_DIR/calls"
  without "$1" "$TEMP_DIR/made"
}
