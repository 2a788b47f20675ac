# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# status: where the builder is, and which images are behind their sources.

# shellcheck source=build.sh
. "$PROGRAM_DIR/build.sh"

help_status() {
  cat <<TEXT
Usage: $PROGRAM status [--here] [--json] [IMAGE…]

Shows where the builder is and, for each image, the content hash of its context here, the one its tag was built from, and
builds that run. Changes nothing. Exit code 69 when the builder cannot be reached; what is known here is shown still.

  --here    do not ask the builder: only the content hashes of the contexts
TEXT
}

cmd_status() {
  local images=() i code=0 here=''
  while [ $# -gt 0 ]; do
    case $1 in
      --here) here=1 ;;
      -*) common_flag "$1" || bad_argument status "$1" ;;
      *) images+=("$1") ;;
    esac
    shift
  done
  PLAN=() PLAN_HASHES=() PLAN_TAGS=() PROBE=''
  phase hash
  if [ -n "${images[0]:-}$IMAGES" ]; then
    plan_images ${images[@]+"${images[@]}"}
    plan_hashes
  fi
  if [ -n "$here" ]; then
    status_here
    return
  fi
  phase probe
  # As a dry run: a look leaves nothing on the host.
  HOST_SOFT=1 DRY_RUN=1
  host_ssh_setup
  if [ "${#PLAN[@]}" -gt 0 ]; then probe look || code=$?; else on_host : || code=$?; fi
  DRY_RUN=''
  if [ -n "$JSON" ]; then status_json "$code"; else status_table "$code"; fi
  if [ "$code" -ne 0 ]; then host_unreachable; fi
}

# status_here: what can be said without the builder.
status_here() {
  local i items=''
  for ((i = 0; i < ${#PLAN[@]}; i++)); do
    is_requested "${PLAN[i]}" || continue
    if [ -n "$JSON" ]; then
      items="${items:+$items,}{\"image\":\"${PLAN[i]}\",\"tag\":\"localhost/${PLAN[i]}:${PLAN_TAGS[i]}\",\"hash\":\"${PLAN_HASHES[i]}\"}"
    else
      printf '%-24s %-10s %s\n' "${PLAN[i]}" "${PLAN_TAGS[i]}" "${PLAN_HASHES[i]}"
    fi
  done
  [ -z "$JSON" ] || say "{\"builder\":\"$PROGRAM\",\"images\":[$items]}"
}

# status_state: STATE of the probed image in words, from what its tag is on.
status_words() { # HASH
  case $STATE in
    current) REPLY='up to date' ;;
    elsewhere) REPLY='built, tag elsewhere' ;;
    *) if [ -n "$TAGGED" ]; then REPLY='changed since'; else REPLY='not built'; fi ;;
  esac
  if [ "$TAGGED" = "$1" ]; then REPLY='up to date'; fi
}

status_table() {
  local i image state free run hash client
  kind_name
  say "builder   $REPLY, $ENGINE"
  if [ "$1" -ne 0 ]; then say 'reachable no'; fi
  status_free
  [ -z "$REPLY" ] || say "free      $REPLY GiB"
  [ "${#PLAN[@]}" -gt 0 ] || return 0
  say ''
  printf '%-24s %-10s %-18s %-18s %s\n' IMAGE TAG 'CONTEXT HERE' 'BUILT FROM' STATE
  for ((i = 0; i < ${#PLAN[@]}; i++)); do
    image=${PLAN[i]}
    is_requested "$image" || continue
    probed "$image" "${PLAN_HASHES[i]}"
    status_words "${PLAN_HASHES[i]}"
    state=$REPLY
    if [ "$1" -ne 0 ]; then state=unknown; fi
    while read -r run hash client; do
      [ -z "$run" ] || state="$state; being built from $hash by $client (run $run)"
    done <<<"$RUNNING"
    printf '%-24s %-10s %-18s %-18s %s\n' "$image" "${PLAN_TAGS[i]}" "${PLAN_HASHES[i]}" "${TAGGED:--}" "$state"
  done
}

# status_free: REPLY = GiB free where there is least.
status_free() {
  local kind kib rest least=''
  while read -r kind kib rest; do
    if [ "$kind" = free ] && { [ -z "$least" ] || [ "$kib" -lt "$least" ]; }; then least=$kib; fi
  done <<<"$PROBE"
  REPLY=${least:+$((least / 1048576))}
}

status_json() {
  local i image line name items='' run hash client runs
  kind_name
  json_string "$REPLY" && name=$REPLY
  json_string "${HOST_ADDRESS:-}"
  line="{\"builder\":\"$PROGRAM\",\"host\":$name,\"kind\":\"$HOST_KIND\",\"address\":$REPLY,\"engine\":\"$ENGINE\""
  if [ "$1" -eq 0 ]; then line="$line,\"reachable\":true"; else line="$line,\"reachable\":false"; fi
  status_free
  [ -z "$REPLY" ] || line="$line,\"freeGib\":$REPLY"
  for ((i = 0; i < ${#PLAN[@]}; i++)); do
    image=${PLAN[i]}
    is_requested "$image" || continue
    probed "$image" "${PLAN_HASHES[i]}"
    status_words "${PLAN_HASHES[i]}"
    if [ "$1" -ne 0 ]; then REPLY=unknown; fi
    runs=''
    items="${items:+$items,}{\"image\":\"$image\",\"tag\":\"localhost/$image:${PLAN_TAGS[i]}\",\"hash\":\"${PLAN_HASHES[i]}\""
    if [ -n "$TAGGED" ]; then items="$items,\"built\":\"$TAGGED\""; else items="$items,\"built\":null"; fi
    items="$items,\"state\":\"$REPLY\""
    while read -r run hash client; do
      [ -n "$run" ] || continue
      json_string "$client"
      runs="${runs:+$runs,}{\"run\":\"$run\",\"hash\":\"$hash\",\"client\":$REPLY}"
    done <<<"$RUNNING"
    items="$items,\"running\":[$runs]}"
  done
  say "$line,\"images\":[$items]}"
}
