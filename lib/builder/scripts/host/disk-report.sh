#!/usr/bin/env bash
# Says what takes room on the builder and can go.
# usage: disk-report.sh ENGINE ROOT PROJECT
set -uo pipefail
engine=$1 root=$HOME/$2 project=$3

size() { # DIRECTORY…
  du -skc "$@" 2>/dev/null | awk 'END { b = $1 / 1048576; printf (b >= 10 ? "%.0f GiB" : "%.1f GiB"), b }'
}

echo 'What would free space:'
old=()
for image in "$root"/*/; do
  current=$(readlink "$image/current" 2>/dev/null)
  for tree in "$image"*/; do
    tree=${tree%/}
    case ${tree##*/} in current | "$current") ;; *) old+=("$tree") ;; esac
  done
done
if [ "${#old[@]}" -gt 0 ]; then printf '  %-44s %s\n' "${#old[@]} older source trees, hard links included" "$(size "${old[@]}")"; fi

"$engine" image ls --filter "label=io.gantry.project=$project" --format '{{.ID}} {{.Size}}' 2>/dev/null | sort -u \
  | awk -v project="$project" '
    { unit["B"] = 1; unit["kB"] = 1e3; unit["KB"] = 1e3; unit["MB"] = 1e6; unit["GB"] = 1e9
      value = $2; name = $3; if (name == "") { name = value; gsub(/[0-9.]/, "", name); sub(/[A-Za-z]+$/, "", value) }
      bytes += value * unit[name]; n++ }
    END { printf "  %-44s %.1f GiB\n", n + 0 " images of " project ", shared layers counted each time", bytes / 1073741824 }'

cache=/var/tmp/buildah-cache-$UID
if [ "$engine" = podman ] && [ -d "$cache" ]; then printf '  %-44s %s\n' 'cache mounts of RUN steps' "$(size "$cache")"; fi
