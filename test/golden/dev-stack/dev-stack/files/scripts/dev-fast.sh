#!/usr/bin/env bash
# One of the names that people know. Its own file name says which command of the stack's program it is, and the folder it is
# in says which program: the one whose settings name the folder.
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
  *) self=$(command -v -- "$self") ;;
esac
name=${self##*/}
folder=$(cd -- "${self%/*}" && pwd -P)
root=${folder%/*}

case $name in
  dev-fast.sh) command=fast ;;
  rebuild-clean.sh) command=clean ;;
  dev-local.sh) command=local ;;
  podman-dev.sh) command=full ;;
  setup.sh) command=setup ;;
  *)
    printf '%s: there is no command of this name\n' "$name" >&2
    exit 2
    ;;
esac

for settings in "$root"/*/dev.env; do
  [ -r "$settings" ] || continue
  SHIMS=''
  # shellcheck source=/dev/null
  . "$settings"
  if [ "$SHIMS" = "${folder##*/}" ]; then
    program=${settings%/dev.env}
    exec "$root/bin/${program##*/}" "$command" "$@"
  fi
done
printf '%s: no settings below %s name the folder %s\n' "$name" "$root" "${folder##*/}" >&2
printf '  %s\n' 'synthesize the stack again, and call it where it was generated' >&2
exit 2
