#!/usr/bin/env bash
# The program of one builder. Its own file name says which: bin/<id> reads <id>/builder.env beside bin/. All the code is in
# lib/gantry/client, so that the file may be called through a symbolic link from anywhere.
set -euo pipefail

self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=${self%/*}/$link ;;
  esac
done
case $self in
  */*) ;;
  *) self=$(command -v -- "$self") ;; # called as `bash builder` or found through an unusual PATH
esac

BUILDER_ID=${self##*/}
FILE_ROOT=$(cd -- "${self%/*}/.." && pwd -P)
if ! [ -r "$FILE_ROOT/lib/gantry/client/main.sh" ]; then
  printf '%s: %s/lib/gantry is not there\n  synthesize the stack again, or call the program where it was generated\n' \
    "$BUILDER_ID" "$FILE_ROOT" >&2
  exit 2
fi
# shellcheck source=/dev/null
. "$FILE_ROOT/lib/gantry/client/main.sh"
main "$@"
