#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Makes the received tree a snapshot, without a build.
# usage: sync-commit.sh ROOT IMAGE HASH RECEIVED KEEP [FORCE]
# 122 = the tree has to be copied (again), 75 = likewise, but a build uses it.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/state.sh"
. "${BASH_SOURCE[0]%/*}/snapshot.sh"
code=0
snapshot_commit "$HOME/$1/$2" "$3" "$4" "${6:-}" || code=$?
case $code in 0) ;; 75) exit 75 ;; *) exit 122 ;; esac
snapshots_prune "$HOME/$1/$2" "$5"
