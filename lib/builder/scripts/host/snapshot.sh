# shellcheck shell=bash
# Source trees on the builder. Read by the programs that receive one.

# snapshot_commit DIRECTORY HASH RUN [FORCE]: the received tree becomes the snapshot HASH, and the current one. One that is
# there stays, because a build may be reading it; with FORCE it gives way unless one is.
snapshot_commit() {
  local directory=$1 hash=$2 partial=$1/.partial-$3
  snapshot_lock "$directory"
  if [ -d "$partial" ]; then
    if [ -n "${4:-}" ] && [ -d "$directory/$hash" ]; then
      snapshots_in_use "$directory"
      [[ $REPLY == *" $hash "* ]] || rm -rf -- "${directory:?}/$hash"
    fi
    if [ -d "$directory/$hash" ]; then
      rm -rf "$partial"
    else
      mv "$partial" "$directory/$hash"
    fi
  fi
  touch "$directory/$hash" # the order of use
  if ! [ "$directory/$hash" -ef "$directory/current" ]; then
    ln -sfn "$hash" "$directory/.current-$3"
    mv -fT "$directory/.current-$3" "$directory/current" 2>/dev/null \
      || mv -fh "$directory/.current-$3" "$directory/current" # the same option in BSD's mv
  fi
  exec 6>&-
}

# snapshots_prune DIRECTORY KEEP: the newest KEEP trees stay, the current one, and those that a build uses.
snapshots_prune() {
  local directory=$1 keep=$2 name count=0 current
  snapshot_lock "$directory"
  snapshots_in_use "$directory"
  current=$(readlink "$directory/current")
  while IFS= read -r name; do
    case $name in
      current | .*) continue ;;
    esac
    count=$((count + 1))
    if [ "$count" -gt "$keep" ] && [ "$name" != "$current" ] && [[ $REPLY != *" $name "* ]]; then
      rm -rf -- "${directory:?}/$name"
    fi
  done < <(ls -1t "$directory")
  # What a client that died left behind.
  find "$directory" -maxdepth 1 -name '.partial-*' -mmin +1440 -exec rm -rf {} +
  exec 6>&-
}

# One at a time, until file 6 is closed.
snapshot_lock() {
  [ -d "$GANTRY_STATE/locks" ] || mkdir -p "$GANTRY_STATE/locks"
  exec 6<>"$GANTRY_STATE/locks/${1##*/}.sync"
  lock_fd 6
}

# snapshots_in_use DIRECTORY: REPLY = " hash hash " of builds that have not ended.
snapshots_in_use() {
  local run used=' '
  running_runs "${1##*/}"
  while IFS= read -r run; do
    if [ -n "$run" ] && meta "$run" hash; then used="$used$REPLY "; fi
  done <<<"$REPLY"
  REPLY=$used
}
