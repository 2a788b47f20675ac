#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Lists the builds that are remembered, the newest first.
# usage: runs.sh IMAGE…
# Prints: IMAGE RUN HASH running|built|failed|locked SECONDS_AGO CLIENT
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/state.sh"
now=$(date +%s)
for image in "$@"; do
  for directory in "$GANTRY_STATE/builds/$image"/*/; do
    directory=${directory%/}
    [ -r "$directory/meta" ] || continue
    state=running
    if run_over "$directory"; then
      read -r code <"$directory/exit"
      case $code in 0) state=built ;; 75) state=locked ;; *) state=failed ;; esac
    fi
    meta "$directory" started && started=$REPLY
    meta "$directory" hash && hash=$REPLY
    meta "$directory" client || :
    printf '%s %s %s %s %s %s\n' "$image" "${directory##*/}" "$hash" "$state" "$((now - started))" "${REPLY:--}"
  done
done | sort -s -n -k 5,5
