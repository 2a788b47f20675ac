#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Takes a generated Containerfile from standard input, for build-start.sh.
# usage: containerfile-put.sh IMAGE RUN
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/state.sh"
builds=$GANTRY_STATE/builds/$1
umask 077
mkdir -p "$builds"
find "$builds" -maxdepth 1 -name '.containerfile-*' -mmin +1440 -exec rm -f {} + # of clients that died
cat >"$builds/.containerfile-$2.new"
mv "$builds/.containerfile-$2.new" "$builds/.containerfile-$2"
