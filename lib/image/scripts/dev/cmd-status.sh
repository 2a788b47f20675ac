# shellcheck shell=bash source-path=SCRIPTDIR
# status: what runs, and whether it is up. Changes nothing.

# shellcheck source=health.sh
. "$PROGRAM_DIR/health.sh"
# shellcheck source=ports.sh
. "$PROGRAM_DIR/ports.sh"

help_status() {
  cat <<TEXT
Usage: $PROGRAM status [--json] [SERVICE…]

Shows each service: its container, whether it runs, whether it answers, where. Nothing running is no error.
TEXT
}

cmd_status() {
  local each health address items='' state
  services_argument status "$@"
  containers_look
  [ -n "$JSON" ] || printf '%-16s %-28s %-10s %-10s %s\n' SERVICE CONTAINER STATE HEALTH ADDRESS
  for each in ${WANTED:-$SERVICES}; do
    load_service "$each"
    state=absent health=-
    if container "$CONTAINER"; then
      state=$C_STATE
      if [ "$state" = running ]; then
        if healthy; then health=up; else health=down; fi
      fi
    fi
    list PORT
    address=-
    [ "${#LIST[@]}" -eq 0 ] || address=http://127.0.0.1:${LIST[0]%%:*}
    if [ -n "$JSON" ]; then
      items="${items:+$items,}{\"service\":\"$each\",\"container\":\"$CONTAINER\",\"state\":\"$state\",\"health\":\"$health\",\"address\":\"$address\"}"
    else
      printf '%-16s %-28s %-10s %-10s %s\n' "$each" "$CONTAINER" "$state" "$health" "$address"
    fi
  done
  if [ -n "$JSON" ]; then say "{\"program\":\"$PROGRAM\",\"services\":[$items]}"; else status_external; fi
}

status_external() {
  local each port name _
  list EXTERNAL
  for each in ${LIST[@]+"${LIST[@]}"}; do
    read -r port name _ <<<"$each"
    if port_taken "$port"; then REPLY=up; else REPLY=down; fi
    printf '%-16s %-28s %-10s %-10s %s\n' "$name" '(not ours)' - "$REPLY" "http://127.0.0.1:$port"
  done
}
