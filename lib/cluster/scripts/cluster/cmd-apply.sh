# shellcheck shell=bash source-path=SCRIPTDIR
# apply: makes the cluster what the stack says.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"

help_apply() {
  cat <<TEXT
Usage: $PROGRAM apply [--force] [--wait SECONDS] [--yes] [ENVIRONMENT]

Shows what would change, asks, and applies: namespaces and definitions (CRDs) first, the rest when these are established.
Nothing to change is no error. Never removes anything: what the stack no longer has stays until 'tk prune' or down.

  --force          takes over fields that something else has set, such as a scale by hand
  --wait SECONDS   then waits until all Deployments and StatefulSets are ready
TEXT
}

cmd_apply() {
  local force=() wait='' words=()
  while [ $# -gt 0 ]; do
    case $1 in
      --force) force=(--force) ;;
      --wait)
        need_value apply "$1" $#
        wait=$2
        shift
        case $wait in '' | *[!0-9]*) die 2 "apply: --wait wants a number of seconds, not $wait" "see: $PROGRAM help apply" ;; esac
        ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  GANTRY_CONTEXT='' # what Tilt is in: here Tanka decides, and it takes the first that the environment names
  environment_argument apply ${words[@]+"${words[@]}"}
  phase check
  need_cluster
  missing_secrets
  [ -z "$REPLY" ] || die 66 "the cluster lacks Secrets:"$'\n'"  ${REPLY//$'\n'/$'\n'  }" "make them with: $PROGRAM secrets $ENVIRONMENT"
  phase render
  render
  phase diff
  differences
  if [ -z "$DIFFERENCES" ]; then
    note "nothing to change"
  else
    announce "$DIFFERENCES"
    if ! would tk apply "environments/$ENVIRONMENT" --auto-approve=always ${force[@]+"${force[@]}"}; then
      confirmed "apply this to the cluster of the context $CONTEXT?" || die 77 "nothing was changed"
      phase apply
      apply_all
    fi
  fi
  if [ -n "$wait" ] && [ -z "$DRY_RUN" ]; then wait_ready "$wait"; fi
}

apply_all() {
  ensure_namespaces
  of_kinds CustomResourceDefinition >"$TEMP_DIR/definitions.yaml"
  if grep -q '^kind:' "$TEMP_DIR/definitions.yaml"; then
    kube apply --server-side --field-manager=tanka ${force[@]+--force-conflicts} -f "$TEMP_DIR/definitions.yaml" >&2 \
      || die 69 "the definitions cannot be applied"
    kube wait --for=condition=Established --timeout=60s -f "$TEMP_DIR/definitions.yaml" >/dev/null \
      || die 69 "the definitions are not established within a minute"
  fi
  (cd -- "$TANKA" && tk apply "environments/$ENVIRONMENT" --auto-approve=always --diff-strategy=none --color never ${force[@]+"${force[@]}"}) \
    >"$TEMP_DIR/apply.out" 2>"$TEMP_DIR/apply.log" || apply_failed
  note "$(grep -c . "$TEMP_DIR/apply.out") objects are in the cluster"
}

apply_failed() {
  local what
  what=$(grep -v '^WARNING' "$TEMP_DIR/apply.log") || what=''
  case $what in
    *conflict*) die 69 "something else has set fields of these objects" "$what"$'\n'"take them over with: $PROGRAM apply --force $ENVIRONMENT" ;;
  esac
  die 69 "not all objects could be applied" "$what"
}

# wait_ready SECONDS: the time is for all of them together.
wait_ready() {
  local end=$((SECONDS + $1)) each left
  while IFS= read -r each; do
    [ -n "$each" ] || continue
    left=$((end - SECONDS))
    [ "$left" -gt 0 ] || left=1
    kube -n "${each%% *}" rollout status "${each#* }" --timeout="${left}s" >&2 \
      || die 69 "${each#* } in ${each%% *} is not ready" "see: $PROGRAM status $ENVIRONMENT"
  done < <(kube get deployments,statefulsets --all-namespaces -l "$ENVIRONMENT_LABEL" \
    -o 'go-template={{range .items}}{{.metadata.namespace}} {{.kind}}/{{.metadata.name}}{{"\n"}}{{end}}')
}
