# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016,SC2034
# Asking a cluster: which context, what is rendered, what is there. Nothing here uses another context than the environment's.
# (What others read is set here, and templates of Go are no shell: hence the two checks that are off.)

# shellcheck source=environment.sh
. "$PROGRAM_DIR/environment.sh"

# load_environment: the settings of ENVIRONMENT.
load_environment() {
  CONTEXTS='' NAMESPACES='' SECRETS='' SERVICES='' RELEASES='' WORKERS='' QUEUES='' ENVIRONMENT_LABEL=''
  [ -r "$FILE_ROOT/$PROGRAM/environments/$ENVIRONMENT.env" ] \
    || die 2 "$FILE_ROOT/$PROGRAM/environments/$ENVIRONMENT.env is not there" "synthesize the stack again"
  # shellcheck source=/dev/null
  . "$FILE_ROOT/$PROGRAM/environments/$ENVIRONMENT.env"
}

# use_context: CONTEXT = the first context of the environment that kubeconfig has; the one Tanka takes, too. Tilt names the one
# it is in, which it has compared with those of the environment and the names that k3s and k3d give.
use_context() {
  local there each
  load_environment
  has kubectl || die 1 "kubectl is not installed" "https://kubernetes.io/docs/tasks/tools/"
  there=$(kubectl config get-contexts -o name 2>/dev/null) || there=''
  CONTEXT=${GANTRY_CONTEXT:-}
  if [ -n "$CONTEXT" ]; then
    case $'\n'$CONTEXTS$'\n'default$'\n'k3s$'\n'"k3s-$CLUSTER"$'\n'"k3d-$CLUSTER"$'\n' in
      *$'\n'"$CONTEXT"$'\n'*) return 0 ;;
      *) die 2 "GANTRY_CONTEXT: $CONTEXT is not one of the environment $ENVIRONMENT: ${CONTEXTS//$'\n'/, }" ;;
    esac
  fi
  while IFS= read -r each; do
    case $'\n'$there$'\n' in *$'\n'"$each"$'\n'*)
      CONTEXT=$each
      return 0
      ;;
    esac
  done <<<"$CONTEXTS"
  die 2 "no context of the environment $ENVIRONMENT is in kubeconfig: ${CONTEXTS//$'\n'/, }" \
    "it has: ${there:+${there//$'\n'/, }}${there:-none}"$'\n'"get it with: $PROGRAM kubeconfig, or declare the context in the stack"
}

kube() { kubectl --context "$CONTEXT" "$@"; }

# need_cluster: CONTEXT, and the cluster answers.
need_cluster() {
  use_context
  REPLY=$(kube get --raw /readyz --request-timeout=10s 2>&1) \
    || die 69 "the cluster does not answer (context $CONTEXT)" "${REPLY##*$'\n'}"$'\n'"see: $PROGRAM doctor"
}

# verify_charts: nothing renders from a chart that is not what the stack pins.
verify_charts() {
  [ -r "$PROGRAM_DIR/vendor.sh" ] || return 0
  # shellcheck source=/dev/null
  . "$PROGRAM_DIR/vendor.sh"
  charts_verify
}

# render: RENDERED = a file with all objects of the environment.
render() {
  need_tanka
  verify_charts
  temp_dir
  RENDERED=$TEMP_DIR/objects.yaml
  (cd -- "$TANKA" && tk show "environments/$ENVIRONMENT" --dangerous-allow-redirect) >"$RENDERED" \
    || die 65 "environments/$ENVIRONMENT does not render"
  [ -s "$RENDERED" ] || die 65 "environments/$ENVIRONMENT renders nothing"
}

# of_kinds KIND…: the objects of RENDERED that are of these kinds. A kind stands at the start of its line, which no text inside does.
of_kinds() {
  awk -v kinds=" $* " '
    function out() { if (keep) printf "%s", text; text = ""; keep = 0 }
    /^---/ { out() }
    { text = text $0 "\n" }
    /^kind: / { if (index(kinds, " " $2 " ")) keep = 1 }
    END { out() }
  ' "$RENDERED" | sed '1{/^---/!s/^/---\n/;}'
}

# undefined_kinds: REPLY = kinds of RENDERED whose definitions it brings along, and the cluster does not have yet.
undefined_kinds() {
  local there
  there=$(kube get customresourcedefinitions -o name) || die 69 "the definitions of the cluster cannot be read"
  REPLY=$(awk -v there="$there" '
    BEGIN { n = split(there, list, "\n"); for (i = 1; i <= n; i++) { sub(/.*\//, "", list[i]); known[list[i]] = 1 } }
    function out() { if (crd && !(name in known)) print kind; crd = 0; name = ""; kind = "" }
    /^---/ { out() }
    /^kind: CustomResourceDefinition$/ { crd = 1 }
    /^  name: / && name == "" { name = $2 }
    /^    kind: / && kind == "" { kind = $2 }
    END { out() }
  ' "$RENDERED" | sort -u)
}

# differences: DIFFERENCES = what apply would change; empty: nothing. The API server itself compares, all but what it cannot know
# yet: objects in a namespace that is not there, or of a kind whose definition is not. These are named as new.
differences() {
  local there new code=0
  undefined_kinds
  UNDEFINED=$REPLY
  there=$(kube get namespaces -o name) || die 69 "the namespaces cannot be read"
  new=$(awk -v there="$there" -v kinds="$UNDEFINED" -v file="$TEMP_DIR/known.yaml" '
    BEGIN {
      n = split(there, list, "\n"); for (i = 1; i <= n; i++) { sub(/.*\//, "", list[i]); space[list[i]] = 1 }
      n = split(kinds, list, "\n"); for (i = 1; i <= n; i++) undefined[list[i]] = 1
      printf "" > file
    }
    function out() {
      if (kind == "") { text = ""; return }
      if ((namespace != "" && !(namespace in space)) || kind in undefined)
        print "new: " kind " " (namespace == "" ? "" : namespace "/") name
      else printf "---\n%s", text >> file
      text = ""; kind = ""; name = ""; namespace = ""; section = ""
    }
    /^---/ { out(); next }
    { text = text $0 "\n" }
    /^[a-z]/ { section = $1 }
    /^kind: / { kind = $2 }
    section == "metadata:" && /^  name: / { name = $2 }
    section == "metadata:" && /^  namespace: / { namespace = $2 }
    END { out() }
  ' "$RENDERED")
  DIFFERENCES=''
  if [ -s "$TEMP_DIR/known.yaml" ]; then
    DIFFERENCES=$(KUBECTL_EXTERNAL_DIFF='' kube diff --server-side --field-manager=tanka --force-conflicts -f "$TEMP_DIR/known.yaml" 2>"$TEMP_DIR/diff.log") || code=$?
    [ "$code" -le 1 ] || die 69 "the objects cannot be compared with the cluster" "$(grep -v '^WARNING' "$TEMP_DIR/diff.log")"
  fi
  [ -z "$new" ] || DIFFERENCES=${DIFFERENCES:+$DIFFERENCES$'\n'}$new
}

# missing_secrets: REPLY = the Secrets, or keys of them, that the cluster does not have, one a line: namespace/name key,key
missing_secrets() {
  local namespace name keys there key lacking result=''
  while read -r namespace name keys _; do
    [ -n "$namespace" ] || continue
    secret_keys "$namespace" "$name" && there=" $REPLY "
    lacking=''
    for key in ${keys//,/ }; do
      case $there in *" $key "*) ;; *) lacking=${lacking:+$lacking,}$key ;; esac
    done
    [ -z "$lacking" ] || result="$result$namespace/$name $lacking"$'\n'
  done <<<"$SECRETS"
  REPLY=${result%$'\n'}
}

# secret_keys NAMESPACE NAME: REPLY = the keys it has, none when it is not there. Asks for names only: no value comes here.
secret_keys() {
  REPLY=$(kube -n "$1" get secret "$2" --ignore-not-found \
    -o 'go-template={{range $key, $value := .data}}{{$key}} {{end}}') \
    || die 69 "the Secret $1/$2 cannot be read"
  REPLY=${REPLY% }
}

MADE_BY=io.gantry/made-by

# ensure_namespaces: makes those that are not there, and marks them as made here: what was there before is never removed.
ensure_namespaces() {
  local each there
  there=$(kube get namespaces -o name) || die 69 "the namespaces cannot be read"
  while IFS= read -r each; do
    if [ -z "$each" ]; then continue; fi
    case $'\n'$there$'\n' in *$'\n'"namespace/$each"$'\n'*) continue ;; esac
    printf '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"%s","annotations":{"%s":"%s"}}}' \
      "$each" "$MADE_BY" "${ENVIRONMENT_LABEL#*=}" | kube create -f - >&2 || die 69 "the namespace $each cannot be made"
  done <<<"$NAMESPACES"
}
