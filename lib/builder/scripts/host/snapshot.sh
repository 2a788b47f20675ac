# shellcheck shell=bash
# Source trees on the builder. Read by the programs that receive one.

# snapshot_list TREE [COUNTED]: prints what is in it, a line for each entry; COUNTED: files behind the number of their names.
# Who writes into a file changes its size or its time, which is told to the nanosecond. Times of directories do not count.
snapshot_list() {
  local count=''
  if find "$1" -maxdepth 0 -printf '' 2>/dev/null; then
    [ -z "${2:-}" ] || count='%n '
    (cd -- "$1" && LC_ALL=C find . -mindepth 1 \( -type f -printf "${count}f %m %s %T@ %p\0" \
      -o -type l -printf 'l %p %l\0' -o -printf '%y %m %p\0' \))
  else
    # shellcheck disable=SC2016 # perl's
    perl -MFile::Find -MTime::HiRes=lstat -e 'chdir shift or die; my $counted = shift;
      find({ no_chdir => 1, wanted => sub {
        return if $_ eq "." || !(my @s = lstat $_);
        my ($file, $mode) = (-f _ && !-l _, sprintf "%o", $s[2] & 07777);
        print "$s[3] " if $counted && $file;
        print $file ? sprintf("f $mode %d %.9f $_\0", @s[7, 9]) : -l _ ? "l $_ " . readlink($_) . "\0" : "d $mode $_\0";
      } }, ".")' "$1" "${2:-}"
  fi | tr '\n\0' '\1\n' | LC_ALL=C sort
}

# snapshot_intact DIRECTORY HASH: whether the tree is as it was when it became a snapshot: .files-HASH says how that was.
snapshot_intact() {
  [ -d "$1/$2" ] && [ -e "$1/.files-$2" ] && [ "$(snapshot_list "$1/$2")" = "$(<"$1/.files-$2")" ]
}

# snapshot_link DIRECTORY HASH NEW: makes NEW of hard links to the tree, unless that is not as it was copied. Looking takes as
# long as linking, so they run beside each other.
snapshot_link() {
  local linking intact=1
  (cd -- "$1" && exec cp -al "$2" "$3") &
  linking=$!
  snapshot_intact "$1" "$2" || intact=''
  wait "$linking" || return 1
  [ -n "$intact" ] || { echo 'gantry: damaged' >&2 && return 1; }
}

# snapshot_sound DIRECTORY TREE: whether the files it shares with other snapshots are as these had them: a build may have
# written into one while the tree was received. Leaves the list of the tree in TREE.files.
snapshot_sound() {
  local record found=''
  : >"$2.linked"
  snapshot_list "$2" counted | LC_ALL=C awk -v linked="$2.linked" '
    /^[0-9]/ { count = $1; sub(/^[0-9]+ /, ""); if (count > 1) print >linked }
    { print }' | LC_ALL=C sort >"$2.files" || return 1
  LC_ALL=C sort -o "$2.linked" "$2.linked"
  for record in "$1/.files-$(readlink "$1/current" 2>/dev/null)" "$1"/.files-*; do
    [ -e "$record" ] || continue
    found=1
    if [ -z "$(LC_ALL=C comm -23 "$2.linked" "$record" | head -n 1)" ]; then
      rm -f -- "$2.linked"
      return 0
    fi
  done
  rm -f -- "$2.linked"
  [ -z "$found" ] # of a version of this program that kept no records: rsync has just compared the contents
}

# snapshot_commit DIRECTORY HASH RECEIVED [FORCE]: the received tree becomes the snapshot HASH, and the current one. One that is
# there stays, because a build may be reading it; with FORCE it gives way unless one is.
# 1 = it has to be copied again: it is not there, or not as it was copied; 75 = that, but a build uses it.
snapshot_commit() {
  local directory=$1 hash=$2 code=0
  snapshot_lock "$directory"
  snapshot_place "$@" || code=$?
  if [ "$code" -eq 0 ]; then
    touch "$directory/$hash" # the order of use
    if ! [ "$directory/$hash" -ef "$directory/current" ]; then
      ln -sfn "$hash" "$directory/.current-$3"
      mv -fT "$directory/.current-$3" "$directory/current" 2>/dev/null \
        || mv -fh "$directory/.current-$3" "$directory/current" # the same option in BSD's mv
    fi
  fi
  exec 6>&-
  return "$code"
}

snapshot_place() { # as snapshot_commit, under the lock
  local directory=$1 hash=$2 partial=$1/.partial-$3 used=''
  if [ -d "$partial" ]; then
    if ! snapshot_sound "$directory" "$partial"; then
      rm -rf -- "$partial" "$partial.files" "$partial.linked"
      return 1
    fi
    if [ -n "${4:-}" ] && [ -d "$directory/$hash" ]; then
      snapshots_in_use "$directory"
      if [[ $REPLY == *" $hash "* ]]; then used=1; else rm -rf -- "${directory:?}/$hash"; fi
    fi
    if ! [ -d "$directory/$hash" ]; then
      mv -f "$partial.files" "$directory/.files-$hash" && mv "$partial" "$directory/$hash"
      return
    fi
    rm -rf -- "$partial" "$partial.files"
  fi
  if snapshot_intact "$directory" "$hash"; then return 0; fi
  [ -z "$used" ] || return 75
  return 1
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
  for name in "$directory"/.files-*; do
    if ! [ -d "$directory/${name##*/.files-}" ]; then rm -f -- "$name"; fi
  done
  # What a client that died left behind. rsync and cp put back the time of change, not that of the status.
  find "$directory" -maxdepth 1 -name '.partial-*' -cmin +1440 -exec rm -rf {} +
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
