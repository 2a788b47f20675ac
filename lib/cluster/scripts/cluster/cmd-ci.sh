# shellcheck shell=bash source-path=SCRIPTDIR
# ci: what can be said of an environment before it is applied.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"

help_ci() {
  cat <<TEXT
Usage: $PROGRAM ci [--schemas LOCATION] [--server] [ENVIRONMENT]

Checks that the charts are those of the stack and that the environment renders, twice to the same text and with no hooks of Helm in
it. With kubeconform installed, every object against the schema of its kind.

  --schemas LOCATION   where kubeconform finds schemas (as its -schema-location); its own default when it is not said
  --server             also lets the cluster judge every object (a dry run of its API server; namespaces and definitions must be there)
TEXT
}

cmd_ci() {
  local schemas=() server='' words=() first kinds
  while [ $# -gt 0 ]; do
    case $1 in
      --schemas)
        need_value ci "$1" $#
        schemas+=(-schema-location "$2")
        shift
        ;;
      --server) server=1 ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  environment_argument ci ${words[@]+"${words[@]}"}
  load_environment
  render
  first=$(sha256 <"$RENDERED")
  render
  [ "$first" = "$(sha256 <"$RENDERED")" ] || die 65 "environments/$ENVIRONMENT renders differently each time" "a chart makes up passwords: name an existing Secret in its values"
  ! grep -q 'helm\.sh/hook' "$RENDERED" || die 65 "hooks of Helm would be applied as ordinary objects" "the release lacks noHooks"
  note "ok: renders $(grep -c '^kind: ' "$RENDERED") objects, always the same"
  if has kubeconform; then
    # The public schemas know no resources that charts define, nor the language of their definitions.
    kinds=CustomResourceDefinition
    if [ "${#schemas[@]}" -eq 0 ]; then
      kinds=$kinds$(awk '/^---/ { crd = 0 } /^kind: CustomResourceDefinition$/ { crd = 1 } crd && /^    kind: / { printf ",%s", $2; crd = 0 }' "$RENDERED")
    fi
    kubeconform -strict -summary -skip "$kinds" ${schemas[@]+"${schemas[@]}"} "$RENDERED" >&2 \
      || die 65 "objects that do not fit their schema"
  else
    note "kubeconform is not installed: no object was held against the schema of its kind"
  fi
  if [ -n "$server" ]; then
    need_cluster
    kube apply --server-side --field-manager=tanka --dry-run=server -f "$RENDERED" >/dev/null || die 65 "the cluster would not take all objects"
    note "ok: the cluster takes all objects"
  fi
}
