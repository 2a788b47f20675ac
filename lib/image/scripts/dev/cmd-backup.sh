# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# backup, restore: volumes as tar files.

# shellcheck source=volumes.sh
. "$PROGRAM_DIR/volumes.sh"

help_backup() {
  cat <<TEXT
Usage: $PROGRAM backup [--to DIRECTORY] [VOLUME…]

Writes each volume to DIRECTORY/<volume>-<time>.tar; no VOLUME means all that the stack names, but not what builds install. A file
is there under its name only when it is whole. Stop a service first when it writes all the time.

  --to DIRECTORY   default: .gantry/backups in the project
TEXT
}

help_restore() {
  cat <<TEXT
Usage: $PROGRAM restore VOLUME FILE

Puts the content of FILE in the place of the volume's. The file is unpacked into another volume first; the content of before is
written to .gantry/backups and comes back when anything fails. Nothing that runs may use the volume. Asks, or wants --yes.
TEXT
}

# volume_out NAME FILE, volume_in NAME FILE: docker has no command of its own for it and borrows the tar of an image.
volume_out() {
  if [ "$ENGINE" = podman ]; then
    engine volume export "$1" -o "$2"
  else
    volume_image && engine run --rm -v "$1:/volume:ro" --entrypoint tar "$REPLY" -cf - -C /volume . >"$2"
  fi
}

volume_in() {
  if [ "$ENGINE" = podman ]; then
    engine volume import "$1" "$2"
  else
    volume_image && engine run --rm -i -v "$1:/volume" --entrypoint tar "$REPLY" -xf - -C /volume <"$2"
  fi
}

# volume_image: REPLY = an image of ours.
volume_image() {
  REPLY=$(engine images -q --filter "label=io.gantry.dev=$PROGRAM")
  REPLY=${REPLY%%$'\n'*}
  [ -n "$REPLY" ] || die 2 'no image of this stack is here, whose tar could be used' "run: $PROGRAM fast"
}

# backup_name NAME: REPLY = the file of now.
backup_name() {
  clock
  utc_time "$NOW_MS"
  REPLY=${REPLY//[:-]/}
  REPLY=$1-${REPLY%.*}Z.tar
}

cmd_backup() {
  local to=$STATE_DIR/backups words=() each file items='' bytes names=()
  while [ $# -gt 0 ]; do
    case $1 in
      --to)
        need_value backup "$1" $#
        absolute "$2" "$PWD" && to=$REPLY
        shift
        ;;
      -*) common_flag "$1" || bad_argument backup "$1" ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  engine_there
  if [ "${#words[@]}" -gt 0 ]; then
    for each in "${words[@]}"; do volume_name "$each" && names+=("$REPLY"); done
  else
    all_volumes
    for each in $REPLY; do
      if volume_there "$each"; then names+=("$each"); fi
    done
  fi
  for each in ${names[@]+"${names[@]}"}; do
    volume_there "$each" || die 2 "the volume $each is not there yet" "'$PROGRAM fast' makes it"
    backup_name "$each" && file=$to/$REPLY
    if would "$ENGINE" volume export "$each" -o "$file"; then continue; fi
    backup_to "$each" "$file"
    bytes=$(wc -c <"$file")
    json_string "$file"
    items="${items:+$items,}{\"volume\":\"$each\",\"file\":$REPLY,\"bytes\":$((bytes))}"
    [ -n "$JSON" ] || say "$each: $file"
  done
  if [ -n "$JSON" ]; then
    say "{\"program\":\"$PROGRAM\",\"backups\":[$items]}"
  elif [ "${#names[@]}" -eq 0 ]; then
    say 'no volumes yet, nothing to back up'
  fi
}

# backup_to NAME FILE: readable for you only; a volume may hold secrets.
backup_to() {
  state_dir
  (umask 077 && mkdir -p -- "${2%/*}") || die 2 "${2%/*} cannot be made" 'give another one with --to'
  (umask 077 && volume_out "$1" "$2.part") || {
    rm -f -- "$2.part"
    die 69 "$1 cannot be written to $2" 'is there room on the disk?'
  }
  mv -- "$2.part" "$2"
}

cmd_restore() {
  local words=() name file users
  while [ $# -gt 0 ]; do
    case $1 in
      -*) common_flag "$1" || bad_argument restore "$1" ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  [ "${#words[@]}" -eq 2 ] || die 2 'restore wants a volume and a file' "see: $PROGRAM help restore"
  engine_there
  volume_name "${words[0]}" && name=$REPLY
  absolute "${words[1]}" "$PWD" && file=$REPLY
  [ -r "$file" ] || die 2 "$file cannot be read" "backups are in $STATE_DIR/backups"
  tar -tf "$file" >/dev/null 2>&1 || die 2 "$file is no tar file" "see: $PROGRAM help backup"
  users=$(engine ps --filter "volume=$name" --format '{{.Names}}')
  [ -z "$users" ] || die 2 "the volume $name is in use by ${users//$'\n'/, }" "$PROGRAM stop"
  if would "$ENGINE" volume import "$name" "$file"; then return; fi
  confirmed "the content of $name is replaced" || die 77 'nothing was done'
  lock
  restore "$name" "$file"
  if [ -n "$JSON" ]; then say "{\"program\":\"$PROGRAM\",\"restored\":\"$name\"}"; else say "$name has the content of $file"; fi
}

# restore NAME FILE
restore() {
  local trial=$1-restoring users each
  engine volume rm -f "$trial" >/dev/null 2>&1 || :
  make_volume "$trial" TRIAL
  if ! volume_in "$trial" "$2" >/dev/null; then
    engine volume rm -f "$trial" >/dev/null 2>&1 || :
    die 65 "$2 cannot be unpacked" "the volume $1 is as it was"
  fi
  engine volume rm -f "$trial" >/dev/null 2>&1 || :
  RESTORE_VOLUME=$1 RESTORE_SAVED=''
  if volume_there "$1"; then
    backup_name "$1-before"
    RESTORE_SAVED=$STATE_DIR/backups/$REPLY
    backup_to "$1" "$RESTORE_SAVED"
    note "the content of before is in $RESTORE_SAVED"
    # Stopped containers hold a volume too; fast makes them anew.
    users=$(engine ps -aq --filter "volume=$1")
    for each in $users; do engine rm -f "$each" >/dev/null; done
    UNDO=restore_saved
    engine_said volume rm "$1" || die 69 "the volume $1 cannot be replaced" "$REPLY"
  fi
  make_volume "$1" VOLUME
  volume_in "$1" "$2" >/dev/null || die 65 "$2 cannot be unpacked into $1" 'see above'
  UNDO=''
}

# restore_saved: the content of before, when the new one did not come.
restore_saved() {
  UNDO=''
  engine volume rm -f "$RESTORE_VOLUME" >/dev/null 2>&1 || :
  (make_volume "$RESTORE_VOLUME" VOLUME) && volume_in "$RESTORE_VOLUME" "$RESTORE_SAVED" >/dev/null \
    && note "$RESTORE_VOLUME is back as it was" && return
  warn "$RESTORE_VOLUME could not be brought back; its content is in $RESTORE_SAVED"
}
