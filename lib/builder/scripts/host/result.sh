#!/usr/bin/env bash
# Prints what is known of a build that ended, as KEY=VALUE lines.
# usage: result.sh IMAGE RUN
set -euo pipefail
cat "$HOME/.gantry/builds/$1/$2/result"
