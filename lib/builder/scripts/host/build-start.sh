#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Starts a build that belongs to no connection, then shows its log to the end (unless detach=1).
# usage: build-start.sh KEY=VALUE…
#   run received image hash tag project engine root containerfile client keep    one each
#   target platform arg secret base                                     as many as there are
#   base-arg format label                                               likewise
#   no-cache pull no-wait again detach generated                        =1; generated: containerfile-put.sh has been called
#   fresh                                                               =1; the received tree takes the place of a damaged one
# base is NAME:HASH:TAG. Prints `run <id>` and then the log. Asked again for a run that exists, it only shows the log.
# 122 = nothing was started: the tree has to be copied (again), 75 = likewise, but a build uses it.
set -euo pipefail
here=${BASH_SOURCE[0]%/*}
. "$here/state.sh"
. "$here/snapshot.sh"

run='' received='' image='' hash='' root='' keep=5 detach='' project='' client='' tag='' fresh=''
for pair in "$@"; do
  case $pair in
    run=* | received=* | image=* | hash=* | root=* | keep=* | detach=* | project=* | client=* | tag=* | fresh=*)
      printf -v "${pair%%=*}" '%s' "${pair#*=}"
      ;;
  esac
done

# loginctl's lingering keeps /run/user/<id>, where rootless podman has its state, when the last session of the user ends.
if [ -d /run/systemd/system ] && [ "$UID" -ne 0 ] && ! [ -e "/var/lib/systemd/linger/${USER:-$(id -un)}" ]; then
  loginctl enable-linger >/dev/null 2>&1 || :
fi

builds=$GANTRY_STATE/builds/$image
directory=$builds/$run
if ! [ -d "$directory" ]; then
  code=0
  snapshot_commit "$HOME/$root/$image" "$hash" "$received" "$fresh" || code=$?
  case $code in 0) ;; 75) exit 75 ;; *) exit 122 ;; esac
  umask 077
  new=$builds/.new-$run
  mkdir -p "$new"
  printf '%s\0' "$@" >"$new/request"
  printf '%s\n' "project=$project" "image=$image" "hash=$hash" "tag=$tag" "client=$client" "started=$(date +%s)" >"$new/meta"
  : >"$new/log"
  if [ -e "$builds/.containerfile-$run" ]; then mv "$builds/.containerfile-$run" "$new/Containerfile"; fi
  exec 8<>"$new/alive"
  lock_fd 8 # the runner inherits it, so that there is no moment in which the build looks dead
  mv "$new" "$directory"
  if type -P setsid >/dev/null; then
    setsid bash "$here/build-run.sh" "$directory" </dev/null >>"$directory/log" 2>&1 &
  else
    perl -MPOSIX -e 'POSIX::setsid(); exec @ARGV' bash "$here/build-run.sh" "$directory" \
      </dev/null >>"$directory/log" 2>&1 &
  fi
  disown
  exec 8>&-

  # While it runs. The logs of the last 20 builds stay.
  snapshots_prune "$HOME/$root/$image" "$keep"
  count=0
  while IFS= read -r old; do
    count=$((count + 1))
    if [ "$count" -gt 20 ] && run_over "$builds/$old"; then run_forget "$builds/$old"; fi
  done < <(ls -1r "$builds")
fi
if [ -n "$detach" ]; then
  printf 'run %s\n' "$run"
  exit 0
fi
exec bash "$here/follow.sh" "$image" "$run" 0
