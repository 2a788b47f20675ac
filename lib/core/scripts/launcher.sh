#!/usr/bin/env bash
# A program of the stack. Its own file name says which: bin/<id> reads <id>/<kind>.env beside bin/, where the kind is that of
# the program. All the code is in lib/gantry, so that the file may be called through a symbolic link from anywhere.
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

PROGRAM=${self##*/} PROGRAM_KIND=''
FILE_ROOT=$(cd -- "${self%/*}/.." && pwd -P)
for kind in "$FILE_ROOT/$PROGRAM"/*.env; do
  kind=${kind##*/}
  if [ -r "$FILE_ROOT/lib/gantry/${kind%.env}/program.sh" ]; then PROGRAM_KIND=${kind%.env}; fi
done
if [ -z "$PROGRAM_KIND" ]; then
  printf '%s: there are no settings for it in %s/%s, or no programs in %s/lib/gantry\n' "$PROGRAM" "$FILE_ROOT" "$PROGRAM" "$FILE_ROOT" >&2
  printf '  %s\n' 'synthesize the stack again, and call the program where and by the name it was generated' >&2
  exit 2
fi
# shellcheck source=/dev/null
. "$FILE_ROOT/lib/gantry/common/main.sh"
main "$@"
