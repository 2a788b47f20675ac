# shellcheck shell=bash source-path=SCRIPTDIR
# What must hold before anything is deployed. Each check says what it found, and what mends it, by `finding`.

# shellcheck source=../../../core/scripts/findings.sh
. "$COMMON_DIR/findings.sh"
# shellcheck source=ports.sh
. "$PROGRAM_DIR/ports.sh"

# preflight_kubectl WORD…: in the context that Tilt is in, else in the one that kubectl takes by itself.
preflight_kubectl() { kubectl ${GANTRY_CONTEXT:+--context "$GANTRY_CONTEXT"} --request-timeout=10s "$@"; }

# preflight_cluster: whether the cluster answers.
preflight_cluster() {
  local context=${GANTRY_CONTEXT:-} answer start
  if ! has kubectl; then
    finding error cluster "kubectl is not installed" "https://kubernetes.io/docs/tasks/tools/"
    return 1
  fi
  [ -n "$context" ] || context=$(kubectl config current-context 2>/dev/null) || context=''
  if [ -z "$context" ]; then
    finding error cluster "kubectl has no context" "$PROGRAM kubeconfig --merge, or: export KUBECONFIG=/etc/rancher/k3s/k3s.yaml"
    return 1
  fi
  if answer=$(preflight_kubectl get --raw /readyz 2>&1); then
    finding ok cluster "answers ($context)"
    return 0
  fi
  case $context in
    k3d-*) start="k3d cluster start ${context#k3d-}" ;;
    *) start="sudo systemctl start k3s" ;;
  esac
  finding error cluster "does not answer ($context): ${answer##*$'\n'}" \
    "is it running? $start"$'\n'"is it the right one? kubectl config get-contexts"
  return 1
}

# preflight_namespaces ENVIRONMENT: those that are missing are made with the rest; one that is going away takes nothing in.
preflight_namespaces() {
  local file name phase missing='' there=''
  for file in "$TANKA/environments/$1/manifests/namespace-"*.json; do
    [ -r "$file" ] || continue
    name=$(sed -n 's/^ *"name": "\([^"]*\)".*/\1/p;/^ *"name": /q' "$file")
    if phase=$(preflight_kubectl get namespace "$name" -o 'jsonpath={.status.phase}' 2>/dev/null); then
      if [ "$phase" = Terminating ]; then
        finding error namespaces "$name is being removed" "wait for it: kubectl wait --for=delete namespace/$name --timeout=5m"
        continue
      fi
      there="$there $name"
    else
      missing="$missing $name"
    fi
  done
  [ -z "$there" ] || finding ok namespaces "there:$there"
  [ -z "$missing" ] || finding ok namespaces "made with the rest:$missing"
}

# preflight_charts ENVIRONMENT: whether its charts are unpacked. Whether they are what the stack pins is seen when they render.
preflight_charts() {
  local path missing='' count=0
  while IFS= read -r path; do
    count=$((count + 1))
    [ -r "$TANKA/environments/$1/$path" ] || missing="$missing ${path#../../}"
  done < <(sed -n "s/^ *importstr '\(.*\)\/Chart\.yaml',*$/\1\/Chart.yaml/p" "$TANKA/environments/$1/main.jsonnet" | sort -u)
  if [ -n "$missing" ]; then
    finding error charts "not there:${missing//\/Chart.yaml/}" "just tk-vendor, or: $PROGRAM vendor"
  elif [ "$count" -gt 0 ]; then
    finding ok charts "$count are there"
  fi
}

# preflight_port PORT NAME: whether this machine can forward it. A Tilt that has it is the one that asks.
preflight_port() {
  if ! port_taken "$1"; then
    finding ok ports "$1 is free ($2)"
    return
  fi
  port_holder "$1"
  case $REPLY in
    'tilt (process '*) finding ok ports "$1 is forwarded ($2)" ;;
    *)
      finding error ports "$1 is taken by $REPLY; $2 wants it" \
        "end it, or give $2 another port in the stack (resources: { \"$2\": { forwards: [{ local: …, port: … }] } })"
      ;;
  esac
}
