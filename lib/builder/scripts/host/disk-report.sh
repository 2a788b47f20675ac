#!/usr/bin/env bash
# Says what takes room on the builder and can go: what prune would list, in two lines.
# usage: disk-report.sh ENGINE ROOT PROJECT KEEP_SNAPSHOTS 'IMAGE:TAG …'
set -uo pipefail
here=${BASH_SOURCE[0]%/*}
settings=("ENGINE=$1" "REMOTE_ROOT=$2" "PROJECT=$3" "KEEP_SNAPSHOTS=$4" "IMAGES=$5")

# report HEADING OPTION…: the sum of what prune lists.
report() {
  local heading=$1
  shift
  bash "$here/prune.sh" "$@" "${settings[@]}" | awk -F '\t' -v heading="$heading" '
    { count[$1]++; bytes += $3 }
    END {
      n = split("image name layer snapshot run cache", kinds, " ")
      split("images,names of images,layers,source trees,logs,caches", words, ",")
      for (i = 1; i <= n; i++) if (count[kinds[i]]) list = list (list == "" ? "" : ", ") count[kinds[i]] " " words[i]
      printf "  %-12s %7.1f GiB  %s\n", heading, bytes / 1073741824, list == "" ? "nothing" : list
    }'
}

echo 'What would free space:'
report prune
report 'prune --all' --all
