# shellcheck shell=bash source-path=SCRIPTDIR
# definitions: the CustomResourceDefinitions of an environment, before all that is of them.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"

help_definitions() {
  cat <<TEXT
Usage: $PROGRAM definitions [ENVIRONMENT]

Applies the definitions (CustomResourceDefinitions) of an environment, waits until the cluster knows their kinds, and prints them
as YAML. Tilt runs it before all else: by itself it could not apply those of KEDA, which are too large for what it writes into
their annotations. Nothing takes them away but \`$PROGRAM down\`: with a definition go the objects of everybody who uses it.
TEXT
}

cmd_definitions() {
  local file
  environment_argument definitions "$@"
  use_context
  render
  file=$TEMP_DIR/definitions.yaml
  of_kinds CustomResourceDefinition >"$file"
  [ -s "$file" ] || return 0
  if would kubectl --context "$CONTEXT" apply --server-side -f definitions.yaml; then return; fi
  # The manager is Tanka, which applies the same objects.
  kube apply --server-side --force-conflicts --field-manager=tanka -o yaml -f "$file" \
    || die 69 "the cluster does not take the definitions"
  kube wait --for=condition=Established --timeout=60s -f "$file" >&2 \
    || die 69 "the cluster does not know the kinds of the definitions after a minute"
}
