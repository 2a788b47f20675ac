# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016 # templates of Go are no shell
# doctor: what is wrong, with the remedy. Changes nothing, and its questions to the cluster do not wait long.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"
# shellcheck source=../../../core/scripts/findings.sh
. "$COMMON_DIR/findings.sh"

help_doctor() {
  cat <<TEXT
Usage: $PROGRAM doctor [--json] [ENVIRONMENT]

Looks at the programs, charts, what the environment renders, ports of this machine, the cluster, its nodes, and the definitions,
namespaces, Secrets, quotas and pods of the environment. Exit code 1 when something is wrong.
TEXT
}

cmd_doctor() {
  environment_argument doctor "$@"
  load_environment
  temp_dir
  doctor_programs
  doctor_charts
  doctor_ports
  if doctor_cluster; then
    doctor_nodes
    doctor_definitions
    doctor_namespaces
    doctor_quotas
    doctor_pods
  fi
  findings_end
}

ask() { kube --request-timeout=10s "$@" 2>"$TEMP_DIR/ask.log"; }

# unanswered CHECK WHAT: the finding of a question that the cluster did not answer.
unanswered() { finding error "$1" "$2 cannot be read" "$(tail -n 1 "$TEMP_DIR/ask.log")"; }

# older VERSION THAN: whether the first is the smaller one, as far as two numbers tell.
older() {
  local a=${1%%.*} b=${2%%.*} c=${1#*.} d=${2#*.}
  c=${c%%[!0-9]*} d=${d%%[!0-9]*}
  [ "$a" -lt "$b" ] || { [ "$a" -eq "$b" ] && [ "${c:-0}" -lt "${d:-0}" ]; }
}

# doctor_program NAME AT-LEAST WHERE WORD…: the words make it say its version.
doctor_program() {
  local name=$1 least=$2 where=$3 text
  shift 3
  if ! has "$name"; then
    finding error programs "$name is not installed" "$where"
    return
  fi
  text=$("$name" "$@" 2>&1 </dev/null) || text=''
  if [[ $text =~ ([0-9]+\.[0-9]+(\.[0-9]+)?) ]]; then
    if older "${BASH_REMATCH[1]}" "$least"; then
      finding error programs "$name ${BASH_REMATCH[1]} is older than $least" "$where"
    else
      finding ok programs "$name ${BASH_REMATCH[1]}"
    fi
  else
    finding ok programs "$name, which does not say its version"
  fi
}

doctor_programs() {
  local engine answer
  # Server-side apply with injected labels is in Tanka since 0.25; helm 3.8 reads OCI; kubectl 1.24 compares on the server.
  doctor_program tk 0.25 https://tanka.dev/install --version
  doctor_program helm 3.8 https://helm.sh/docs/intro/install version --short
  doctor_program kubectl 1.24 https://kubernetes.io/docs/tasks/tools/ version --client
  if [ -r "$FILE_ROOT/Tiltfile" ]; then doctor_program tilt 0.33 https://docs.tilt.dev/install.html version; fi
  for engine in docker podman; do
    has "$engine" || continue
    # Behind a time limit where there is one: an engine that hangs is what is looked for.
    if has timeout; then answer=$(timeout 10 "$engine" info 2>&1 >/dev/null) && answer=''; else answer=$("$engine" info 2>&1 >/dev/null) && answer=''; fi
    if [ -n "$answer" ]; then
      finding error engine "$engine does not answer" "${answer##*$'\n'}"$'\n'"start it: sudo systemctl start $engine"
    else
      finding ok engine "$engine answers"
    fi
    return
  done
  finding error engine "neither docker nor podman is installed" "images are built with it: https://docs.docker.com/engine/install/"
}

doctor_charts() {
  local answer
  if answer=$( (verify_charts) 2>&1); then
    finding ok charts "are what the stack pins"
  else
    finding error charts "${answer#*: }" "$PROGRAM vendor"
    return
  fi
  if ! has tk || ! has helm; then return; fi
  # The function ends the run when something does not render: here that is a finding.
  if answer=$( (render) 2>&1); then
    RENDERED=$TEMP_DIR/objects.yaml
    finding ok environment "$ENVIRONMENT renders"
  else
    finding error environment "$ENVIRONMENT does not render: ${answer%%$'\n'*}" "$PROGRAM show $ENVIRONMENT"
  fi
}

# doctor_ports: those that Tilt forwards, and its own. One that Tilt itself has is well.
doctor_ports() {
  local port
  if ! [ -r "$FILE_ROOT/tilt.json" ] || ! [ -r "$PROGRAM_DIR/ports.sh" ]; then return 0; fi
  # shellcheck source=/dev/null
  . "$PROGRAM_DIR/ports.sh"
  for port in $(sed -n 's/.*"local": *\([0-9][0-9]*\).*/\1/p' "$FILE_ROOT/tilt.json" | sort -un) 10350; do
    port_taken "$port" || continue
    port_holder "$port"
    case $REPLY in "tilt (process "* | kubectl*) continue ;; esac
    finding error ports "$port is taken by $REPLY" "end it, or give the forward another port in the stack"
  done
}

doctor_cluster() {
  local answer start
  if ! has kubectl; then return 1; fi
  if ! answer=$( (use_context) 2>&1); then
    finding error context "${answer#*: }"
    return 1
  fi
  use_context
  if answer=$(kube get --raw /readyz --request-timeout=10s 2>&1); then
    finding ok cluster "answers ($CONTEXT)"
    return
  fi
  case $TARGET in k3d) start="k3d cluster list $CLUSTER" ;; *) start="sudo systemctl status k3s" ;; esac
  finding error cluster "does not answer ($CONTEXT)" "${answer##*$'\n'}"$'\n'"$PROGRAM up; what it says of itself: $start"
  return 1
}

doctor_nodes() {
  local name ready
  ask get nodes -o 'go-template={{range .items}}{{.metadata.name}}{{range .status.conditions}}{{if or (eq .type "Ready") (eq .type "DiskPressure") (eq .type "MemoryPressure")}} {{.type}}={{.status}}{{end}}{{end}}{{"\n"}}{{end}}' \
    >"$TEMP_DIR/nodes" || { unanswered nodes 'the nodes' && return; }
  while read -r name ready; do
    case $ready in *Ready=False* | *Ready=Unknown*) finding error nodes "$name is not ready" "kubectl --context $CONTEXT describe node $name" ;; esac
    case $ready in *DiskPressure=True*) finding error nodes "the disk of $name is nearly full" "docker system df; sudo k3s crictl rmi --prune" ;; esac
    case $ready in *MemoryPressure=True*) finding error nodes "$name has little memory left" "fewer or smaller workers: $PROGRAM scale" ;; esac
  done <"$TEMP_DIR/nodes"
}

doctor_definitions() {
  [ -n "${RENDERED:-}" ] || return 0
  if ! REPLY=$( (undefined_kinds && printf '%s' "$REPLY") 2>"$TEMP_DIR/ask.log"); then
    unanswered definitions 'the definitions'
  elif [ -n "$REPLY" ]; then
    finding error definitions "the cluster does not know ${REPLY//$'\n'/, }" "$PROGRAM apply $ENVIRONMENT"
  fi
}

doctor_namespaces() {
  local there each missing
  there=$(ask get namespaces -o 'go-template={{range .items}}{{.metadata.name}} {{.status.phase}}{{"\n"}}{{end}}') \
    || { unanswered namespaces 'the namespaces' && return; }
  while IFS= read -r each; do
    case $'\n'$there$'\n' in
      *$'\n'"$each Terminating"$'\n'*) finding error namespaces "$each is being removed" "kubectl --context $CONTEXT get namespace $each -o yaml says what it waits for" ;;
      *$'\n'"$each "*) ;;
      *) finding error namespaces "$each is not there" "$PROGRAM apply $ENVIRONMENT" ;;
    esac
  done <<<"$NAMESPACES"
  if ! missing=$( (missing_secrets && printf '%s' "$REPLY") 2>"$TEMP_DIR/ask.log"); then
    unanswered secrets 'the Secrets'
  elif [ -n "$missing" ]; then
    finding error secrets "missing: ${missing//$'\n'/, }" "$PROGRAM secrets $ENVIRONMENT"
  fi
}

# doctor_quotas: pods that a quota keeps from being made leave no pod to look at, only events.
doctor_quotas() {
  local each namespace rest
  while IFS= read -r namespace; do
    [ -n "$namespace" ] || continue
    ask -n "$namespace" get events --field-selector type=Warning,reason=FailedCreate \
      -o 'go-template={{range .items}}{{.involvedObject.kind}}/{{.involvedObject.name}} {{.message}}{{"\n"}}{{end}}' >"$TEMP_DIR/events" \
      || { unanswered quotas "the events of $namespace" && continue; }
    each=$(grep -i 'exceeded quota' "$TEMP_DIR/events" | tail -n 1) || each=''
    [ -n "$each" ] || continue
    rest=${each#* }
    finding error quotas "${each%% *} in $namespace starts no pod: ${rest##*forbidden: }" \
      "a larger quota in the stack, or fewer workers: $PROGRAM scale"
  done <<<"$NAMESPACES"
}

doctor_pods() {
  local namespace name what remedy
  while IFS= read -r namespace; do
    [ -n "$namespace" ] || continue
    ask -n "$namespace" get pods -o 'go-template={{range .items}}{{$name := .metadata.name}}{{range .status.conditions}}{{if and (eq .type "PodScheduled") (eq .status "False")}}{{$name}} Unschedulable {{.message}}{{"\n"}}{{end}}{{end}}{{range .status.initContainerStatuses}}{{with .state.waiting}}{{$name}} {{.reason}} {{.message}}{{"\n"}}{{end}}{{end}}{{range .status.containerStatuses}}{{with .state.waiting}}{{$name}} {{.reason}} {{.message}}{{"\n"}}{{end}}{{end}}{{end}}' \
      >"$TEMP_DIR/pods" || { unanswered pods "the pods of $namespace" && continue; }
    while read -r name what remedy; do
      case $what in
        Unschedulable) finding error pods "$name in $namespace waits for a node: $remedy" "smaller requests, or a larger node; see: kubectl --context $CONTEXT describe nodes" ;;
        ImagePullBackOff | ErrImagePull | ErrImageNeverPull | InvalidImageName) finding error pods "$name in $namespace has no image ($what): $remedy" \
          "an image built here: $PROGRAM import-image IMAGE; one of a registry: is its name right, and may the nodes read it?" ;;
        CrashLoopBackOff) finding error pods "$name in $namespace ends again and again" "kubectl --context $CONTEXT -n $namespace logs $name --previous" ;;
        CreateContainerConfigError) finding error pods "$name in $namespace lacks a ConfigMap or Secret: $remedy" "$PROGRAM secrets $ENVIRONMENT" ;;
      esac
    done < <(sort -u "$TEMP_DIR/pods")
  done <<<"$NAMESPACES"
}
