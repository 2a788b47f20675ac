# shellcheck shell=bash source-path=SCRIPTDIR
# definitions: the CustomResourceDefinitions of an environment, before all that is of them.

# shellcheck source=environment.sh
. "$PROGRAM_DIR/environment.sh"

help_definitions() {
  cat <<TEXT
Usage: $PROGRAM definitions [ENVIRONMENT]

Applies the definitions (CustomResourceDefinitions) of an environment, waits until the cluster knows their kinds, and prints them
as YAML. Tilt runs it before all else: by itself it could not apply those of KEDA, which are too large for what it writes into
their annotations. Nothing takes them away but \`$PROGRAM down\`: with a definition go the objects of everybody who uses it.
TEXT
}

cmd_definitions() {
  local file kubectl=(kubectl ${GANTRY_CONTEXT:+--context "$GANTRY_CONTEXT"})
  environment_argument definitions "$@"
  has kubectl || die 1 "kubectl is not installed" "https://kubernetes.io/docs/tasks/tools/"
  temp_dir
  file=$TEMP_DIR/definitions.yaml
  # A program of its own, which says itself what is wrong.
  "$FILE_ROOT/bin/$PROGRAM" show "$ENVIRONMENT" >"$TEMP_DIR/all.yaml" || exit $?
  # A kind that stands at the start of its line is that of an object; no text inside one does.
  awk '
    function out() { if (keep) printf "---\n%s", text; text = ""; keep = 0 }
    /^---/ { out(); next }
    { text = text $0 "\n" }
    /^kind: CustomResourceDefinition$/ { keep = 1 }
    END { out() }
  ' "$TEMP_DIR/all.yaml" >"$file"
  [ -s "$file" ] || return 0
  if would "${kubectl[@]}" apply --server-side -f definitions.yaml; then return; fi
  # The manager is Tanka, which applies the same objects.
  "${kubectl[@]}" apply --server-side --force-conflicts --field-manager=tanka -o yaml -f "$file" \
    || die 69 "the cluster does not take the definitions"
  "${kubectl[@]}" wait --for=condition=Established --timeout=60s -f "$file" >&2 \
    || die 69 "the cluster does not know the kinds of the definitions after a minute"
}
