# shellcheck shell=bash source-path=SCRIPTDIR
# volumes: what outlives containers and images.

# shellcheck source=volumes.sh
. "$PROGRAM_DIR/volumes.sh"

help_volumes() {
  cat <<TEXT
Usage: $PROGRAM volumes [--prune] [--json]

Lists this stack's volumes with their sizes.

  --prune   remove dependency volumes that no container uses: those of old lock files
TEXT
}

cmd_volumes() {
  local prune='' words=() name size items=''
  while [ $# -gt 0 ]; do
    case $1 in --prune) prune=1 ;; *) words+=("$1") ;; esac
    shift
  done
  services_argument volumes ${words[@]+"${words[@]}"}
  [ -z "$WANTED" ] || bad_argument volumes "${WANTED%% *}"
  engine_there
  if [ -n "$prune" ]; then
    volumes_prune
    return
  fi
  volumes_look
  if [ -z "$VOLUMES" ] && [ -z "$JSON" ]; then say "no volumes yet; '$PROGRAM fast' makes them"; fi
  while read -r name size; do
    [ -n "$name" ] || continue
    if [ -n "$JSON" ]; then
      items="${items:+$items,}{\"volume\":\"$name\",\"size\":\"$size\"}"
    else
      printf '%-52s %s\n' "$name" "$size"
    fi
  done <<<"$VOLUMES"
  if [ -n "$JSON" ]; then say "{\"program\":\"$PROGRAM\",\"volumes\":[$items]}"; fi
}

volumes_prune() {
  local name gone=''
  while read -r name; do
    # Two filters for labels are one or the other to podman.
    [ "$(engine volume inspect --format '{{index .Labels "io.gantry.kind"}}' "$name")" = DEPENDENCY_VOLUME ] || continue
    if [ -n "$(engine ps -aq --filter "volume=$name")" ]; then continue; fi
    if would "$ENGINE" volume rm "$name"; then continue; fi
    engine_said volume rm "$name" || die 69 "$name cannot be removed" "$REPLY"
    gone="$gone $name"
  done < <(engine volume ls -q --filter "label=io.gantry.dev=$PROGRAM")
  [ -n "$DRY_RUN" ] || say "removed:${gone:- nothing}"
}
