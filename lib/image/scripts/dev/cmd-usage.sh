# shellcheck shell=bash source-path=SCRIPTDIR
# stats, df: what the services take.

# shellcheck source=volumes.sh
. "$PROGRAM_DIR/volumes.sh"

help_stats() {
  cat <<TEXT
Usage: $PROGRAM stats [--json] [SERVICE…]

CPU and memory of the containers that run, measured once.
TEXT
}

help_df() {
  cat <<TEXT
Usage: $PROGRAM df [--json]

What this stack's images and volumes take on disk. Layers that images share are counted once for each.
TEXT
}

cmd_stats() {
  local name state service names=() format='{{.Name}}|{{.CPUPerc}}|{{.MemUsage}}' cpu memory items='' table
  services_argument stats "$@"
  containers_look
  while IFS='|' read -r name state service _; do
    C_STATE=$state
    state_word
    [ "$C_STATE" = running ] || continue
    if [ -n "$WANTED" ]; then
      case " $WANTED " in *" $service "*) ;; *) continue ;; esac
    fi
    names+=("$name")
  done <<<"$CONTAINERS"
  if [ "${#names[@]}" -eq 0 ]; then
    if [ -n "$JSON" ]; then say "{\"program\":\"$PROGRAM\",\"containers\":[]}"; else say 'nothing runs'; fi
    return
  fi
  table=$(engine stats --no-stream --format "$format" "${names[@]}") || die 69 "$ENGINE does not say what the containers take" "see: $PROGRAM doctor"
  [ -n "$JSON" ] || printf '%-28s %8s  %s\n' CONTAINER CPU MEMORY
  while IFS='|' read -r name cpu memory; do
    if [ -n "$JSON" ]; then
      items="${items:+$items,}{\"container\":\"$name\",\"cpu\":\"$cpu\",\"memory\":\"$memory\"}"
    else
      printf '%-28s %8s  %s\n' "$name" "$cpu" "$memory"
    fi
  done <<<"$table"
  if [ -n "$JSON" ]; then say "{\"program\":\"$PROGRAM\",\"containers\":[$items]}"; fi
}

cmd_df() {
  local name bytes total=0 items='' size id seen=' '
  services_argument df "$@"
  [ -z "$WANTED" ] || bad_argument df "${WANTED%% *}"
  engine_there
  [ -n "$JSON" ] || printf '%-8s %-52s %s\n' KIND NAME SIZE
  while read -r name id; do
    [ -n "$name" ] || continue
    bytes=$(engine image inspect --format '{{.Size}}' "$id" 2>/dev/null) || continue
    case $seen in *" $id "*) ;; *) total=$((total + bytes)) seen="$seen$id " ;; esac
    human_size "$bytes" && size=$REPLY
    if [ -n "$JSON" ]; then
      items="${items:+$items,}{\"kind\":\"image\",\"name\":\"$name\",\"bytes\":$bytes}"
    else
      printf '%-8s %-52s %s\n' image "$name" "$size"
    fi
  done < <(engine images --filter "label=io.gantry.dev=$PROGRAM" --format '{{.Repository}}:{{.Tag}} {{.ID}}')
  volumes_look
  while read -r name size; do
    [ -n "$name" ] || continue
    if [ -n "$JSON" ]; then
      items="${items:+$items,}{\"kind\":\"volume\",\"name\":\"$name\",\"size\":\"$size\"}"
    else
      printf '%-8s %-52s %s\n' volume "$name" "$size"
    fi
  done <<<"$VOLUMES"
  human_size "$total"
  if [ -n "$JSON" ]; then
    say "{\"program\":\"$PROGRAM\",\"items\":[$items],\"imageBytes\":$total}"
  else
    say "images: $REPLY"
  fi
}
