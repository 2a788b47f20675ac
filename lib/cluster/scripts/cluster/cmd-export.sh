# shellcheck shell=bash source-path=SCRIPTDIR
# export: the objects of an environment as a directory of files.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"

help_export() {
  cat <<TEXT
Usage: $PROGRAM export DIRECTORY [ENVIRONMENT]

Writes each object of an environment into a file of DIRECTORY, which must not be there or be empty. Asks no cluster.
TEXT
}

cmd_export() {
  local directory='' words=()
  while [ $# -gt 0 ]; do
    case $1 in
      -*) words+=("$1") ;;
      *) if [ -z "$directory" ]; then directory=$1; else words+=("$1"); fi ;;
    esac
    shift
  done
  environment_argument export ${words[@]+"${words[@]}"}
  [ -n "$directory" ] || die 2 "export: into which directory?" "see: $PROGRAM help export"
  absolute "$directory" "$PWD" && directory=$REPLY
  if [ -e "$directory" ] && [ -n "$(ls -A -- "$directory")" ]; then die 2 "$directory is not empty"; fi
  need_tanka
  verify_charts
  would tk export "$directory" "environments/$ENVIRONMENT" && return
  (cd -- "$TANKA" && tk export "$directory" "environments/$ENVIRONMENT" >&2) || die 65 "environments/$ENVIRONMENT does not render"
}
