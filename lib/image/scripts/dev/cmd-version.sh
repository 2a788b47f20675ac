# shellcheck shell=bash
# version: what exactly is running here.

help_version() {
  cat <<TEXT
Usage: $PROGRAM version [--json]

Prints the content hash of this program's own files, and the shell.
TEXT
}

cmd_version() {
  local hash
  while [ $# -gt 0 ]; do
    common_flag "$1" || bad_argument version "$1"
    shift
  done
  hash=$(cd -- "$PROGRAM_DIR" && sha256 ./*.sh | sha256)
  hash=${hash:0:16}
  if [ -n "$JSON" ]; then
    say "{\"program\":\"$PROGRAM\",\"programs\":\"$hash\",\"bash\":\"$BASH_VERSION\"}"
  else
    say "$PROGRAM, programs $hash, bash $BASH_VERSION"
  fi
}
