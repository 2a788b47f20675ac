# shellcheck shell=bash
# stop: what runs, stops.

help_stop() {
  cat <<TEXT
Usage: $PROGRAM stop [--remove] [SERVICE…]

Stops the containers of these services, or all. Volumes and images stay; '$PROGRAM fast' starts the containers again.

  --remove   also remove the containers and, when none is left, the network
TEXT
}

cmd_stop() {
  local remove='' words=() name state service names='' running='' reversed=''
  while [ $# -gt 0 ]; do
    case $1 in --remove) remove=1 ;; *) words+=("$1") ;; esac
    shift
  done
  services_argument stop ${words[@]+"${words[@]}"}
  containers_look
  while IFS='|' read -r name state service _; do
    [ -n "$name" ] || continue
    if [ -n "$WANTED" ]; then
      case " $WANTED " in *" $service "*) ;; *) continue ;; esac
    fi
    names="$names $name"
    C_STATE=$state
    state_word
    if [ "$C_STATE" = running ]; then running="$running $name"; fi
  done <<<"$CONTAINERS"
  if [ -n "$running" ] || { [ -n "$remove" ] && [ -n "$names" ]; }; then lock; fi
  # Those that need others stop before them.
  for service in $SERVICES; do reversed="$service $reversed"; done
  for service in $reversed other; do
    for name in $running; do
      container "$name"
      case " $SERVICES " in
        *" $C_SERVICE "*) [ "$C_SERVICE" = "$service" ] || continue ;;
        *) [ "$service" = other ] || continue ;;
      esac
      if would "$ENGINE" stop "$name"; then continue; fi
      note "stopping $name"
      engine_said stop "$name" || die 69 "$name cannot be stopped" "$REPLY"
    done
  done
  if [ -n "$remove" ]; then remove_stopped "$names"; fi
  if [ -n "$JSON" ]; then
    [ -z "$DRY_RUN" ] || running=''
    stop_json "$running"
  elif [ -z "$running" ]; then
    say 'nothing runs'
  elif [ -z "$DRY_RUN" ]; then
    say "stopped:$running"
  fi
}

remove_stopped() {
  local name
  for name in $1; do
    if would "$ENGINE" rm "$name"; then continue; fi
    engine_said rm -f "$name" || die 69 "$name cannot be removed" "$REPLY"
  done
  if [ -n "$DRY_RUN" ]; then return; fi
  containers_look
  if [ -z "$CONTAINERS" ]; then engine network rm "$NETWORK" >/dev/null 2>&1 || :; fi
}

stop_json() {
  local name items=''
  for name in $1; do items="${items:+$items,}\"$name\""; done
  say "{\"program\":\"$PROGRAM\",\"stopped\":[$items]}"
}
