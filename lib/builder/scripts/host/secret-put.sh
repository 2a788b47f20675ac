#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Takes one build secret from standard input. The runner of the build removes it.
# usage: secret-put.sh RUN ID
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/state.sh"
secrets_directory
umask 077
mkdir -p "$REPLY/$1"
# Of builds that never started or were killed.
for old in "$REPLY"/*/; do
  old=${old%/}
  if [ -d "$old" ] && [ "${old##*/}" != "$1" ]; then
    if [ -n "$(find "$old" -maxdepth 0 -mmin +60)" ] && ! compgen -G "$GANTRY_STATE/builds/*/${old##*/}" >/dev/null; then
      rm -rf -- "$old"
    fi
  fi
done
cat >"$REPLY/$1/$2"
