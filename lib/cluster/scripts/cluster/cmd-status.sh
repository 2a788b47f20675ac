# shellcheck shell=bash source-path=SCRIPTDIR
# status: what runs, and what waits in the queues. Changes nothing.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"
# shellcheck source=queue.sh
. "$PROGRAM_DIR/queue.sh"

help_status() {
  cat <<TEXT
Usage: $PROGRAM status [--json] [ENVIRONMENT]

Shows the Deployments and StatefulSets of the environment, the Jobs of its workers, and how many entries its queues hold. Nothing
running is no error.
TEXT
}

cmd_status() {
  local json='' kind namespace name wanted ready workers
  environment_argument status "$@"
  need_cluster
  temp_dir
  [ -n "$JSON" ] || printf '%-12s %-24s %-32s %s\n' KIND NAMESPACE NAME STATE
  kube get deployments,statefulsets --all-namespaces -l "$ENVIRONMENT_LABEL" -o 'go-template=
{{- range .items}}{{.kind}} {{.metadata.namespace}} {{.metadata.name}} {{or .spec.replicas 0}} {{or .status.readyReplicas 0}}{{"\n"}}{{end}}' \
    >"$TEMP_DIR/servers" || die 69 "the Deployments cannot be read"
  while read -r kind namespace name wanted ready; do
    status_line "$kind" "$namespace" "$name" "$ready of $wanted ready"
  done <"$TEMP_DIR/servers"
  while read -r namespace name _; do
    [ -n "$name" ] || continue
    kube -n "$namespace" get jobs -l "app=$name" --ignore-not-found -o 'go-template=
{{- range .items}}{{if .status.active}}active{{else if .status.succeeded}}done{{else if .status.failed}}failed{{else}}new{{end}}{{"\n"}}{{end}}' \
      >"$TEMP_DIR/jobs" || die 69 "the Jobs cannot be read"
    status_line Workers "$namespace" "$name" \
      "$(jobs_that active) active, $(jobs_that 'done') done, $(jobs_that failed) failed"
  done <<<"$WORKERS"
  while read -r workers _; do
    [ -n "$workers" ] || continue
    find_queue "$workers"
    status_line Queue "$QUEUE_NAMESPACE" "$QUEUE_STREAM" "$(queue_state)"
  done <<<"$QUEUES"
  [ -z "$JSON" ] || say "{\"environment\":\"$ENVIRONMENT\",\"context\":\"$CONTEXT\",\"items\":[$json]}"
}

# jobs_that STATE: how many of the Jobs just read are in it.
jobs_that() { grep -c "$1" "$TEMP_DIR/jobs" || :; }

status_line() {
  if [ -n "$JSON" ]; then
    json_string "$3" && json="${json:+$json,}{\"kind\":\"$1\",\"namespace\":\"$2\",\"name\":$REPLY,\"state\":\"$4\"}"
  else
    printf '%-12s %-24s %-32s %s\n' "$1" "$2" "$3" "$4"
  fi
}

# queue_state: how many entries the stream holds; or that redis does not say.
queue_state() {
  redis_word "$QUEUE_STREAM"
  # In a subshell: redis that does not answer is a state here, no end.
  if REPLY=$(redis <<<"XLEN $REPLY" 2>/dev/null && printf '%s' "$REPLY"); then say "$REPLY entries"; else say 'redis does not answer'; fi
}
