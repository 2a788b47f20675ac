# shellcheck shell=bash
# Source trees on the builder. Read by the programs that receive one.

# snapshot_commit DIRECTORY HASH RUN KEEP [FORCE]: the received tree becomes the snapshot HASH, and the current one. One that
# is there stays, because a build may be reading it; with FORCE it gives way unless one is. Of the others the newest KEEP stay,
# and those that a build uses.
snapshot_commit() {
  local directory=$1 hash=$2 partial=$1/.partial-$3 keep=$4 force=${5:-} name used=' ' count=0
  mkdir -p "$GANTRY_STATE/locks"
  exec 6<>"$GANTRY_STATE/locks/${directory##*/}.sync"
  lock_fd 6
  running_runs "${directory##*/}"
  while IFS= read -r name; do
    if [ -n "$name" ] && meta "$name" hash; then used="$used$REPLY "; fi
  done <<<"$REPLY"
  if [ -d "$partial" ]; then
    if [ -d "$directory/$hash" ] && [ -n "$force" ] && [[ $used != *" $hash "* ]]; then rm -rf -- "${directory:?}/$hash"; fi
    if [ -d "$directory/$hash" ]; then
      rm -rf "$partial"
    else
      mv "$partial" "$directory/$hash"
    fi
  fi
  touch "$directory/$hash" # the order of use
  if [ "$(readlink "$directory/current" 2>/dev/null)" != "$hash" ]; then
    ln -sfn "$hash" "$directory/.current-$3"
    mv -fT "$directory/.current-$3" "$directory/current" 2>/dev/null \
      || mv -fh "$directory/.current-$3" "$directory/current" # the same option in BSD's mv
  fi

  while IFS= read -r name; do
    case $name in
      current | .*) continue ;;
    esac
    count=$((count + 1))
    [ "$count" -gt "$keep" ] || continue
    case $used in *" $name "*) continue ;; esac
    [ "$name" = "$hash" ] || rm -rf -- "${directory:?}/$name"
  done < <(ls -1t "$directory")
  # What a client that died left behind.
  find "$directory" -maxdepth 1 -name '.partial-*' -mmin +1440 -exec rm -rf {} +
  exec 6>&-
}
