#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Makes the received tree a snapshot, without a build.
# usage: sync-commit.sh ROOT IMAGE HASH RUN KEEP [FORCE]
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/state.sh"
. "${BASH_SOURCE[0]%/*}/snapshot.sh"
snapshot_commit "$HOME/$1/$2" "$3" "$4" "${6:-}"
snapshots_prune "$HOME/$1/$2" "$5"
