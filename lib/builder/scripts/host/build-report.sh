# shellcheck shell=bash
# The last lines of a build's log. Read by build-run.sh, whose variables it uses.
# shellcheck disable=SC2154

# inspect_image ID: prints its digest, size and platform.
inspect_image() {
  local digest='{{.Digest}}'
  [ "$engine" = podman ] || digest='{{.Id}}'
  "$engine" image inspect --format "$digest {{.Size}} {{.Os}}/{{.Architecture}}" "$1" 8>&- 9>&-
}

right_platform() {
  local built
  read -r _ _ built <"$directory/image" || :
  case $platform/ in "$built"/*) return 0 ;; esac
  printf '\nThe build failed: it was asked for %s and made an image for %s.\n' "$platform" "$built"
  printf '  The engine took it from its cache: build once with --no-cache. localhost/%s:%s did not move.\n' "$image" "$tag"
  printf '%s\n' outcome=failed "step=the platform of the image" >"$directory/result"
  return 1
}

# report_other_base: the image was built, but not on its base: the reason for builds that take as long as ever.
report_other_base() {
  local found
  found=$(grep -niE '^[[:space:]]*(FROM|ARG)[[:space:]]' "$containerfile" 2>/dev/null | head -n 12)
  printf '\nThe build failed: the image does not stand on its base %s.\n' "$base_reference"
  printf '  Its last stage (or target) starts from something else, so what the base has was built anew or is missing.\n'
  if [ -n "$found" ]; then printf '%s\n' "$found" | sed 's/^/  | /'; fi
  printf '  Put "ARG %s" before the first FROM, and let the last stage be "FROM $%s".\n' "$base_arg" "{$base_arg}"
  printf '  localhost/%s:%s did not move\n' "$image" "$tag"
  printf '%s\n' outcome=failed "step=the base of the image" >"$directory/result"
}

# Steps other than FROM and our own labels, and how many of them came from the cache: podman, docker's classic builder, docker's BuildKit.
count_steps() {
  awk '
    /^(\[[0-9]+\/[0-9]+\] )?STEP [0-9]+(\/[0-9]+)?: / {
      counts = $0 !~ /STEP [0-9]+(\/[0-9]+)?: (FROM |LABEL "io\.gantry\.)/
      steps += counts
    }
    /^--> Using cache / { cached += counts }
    /^Step [0-9]+\/[0-9]+ : / { if ($0 !~ / : FROM /) steps++ }
    /^ ---> Using cache/ { cached++ }
    /^#[0-9]+ \[([^]]* )?[0-9]+\/[0-9]+\] / { if (!($1 in seen)) { seen[$1] = 1; if ($0 !~ /\] FROM /) { steps++; mine[$1] = 1 } } }
    /^#[0-9]+ CACHED/ { if ($1 in mine) cached++ }
    END { printf "%d %d\n", cached, steps - cached }' "$directory/log"
}

human() { # BYTES
  awk -v b="$1" 'BEGIN { split("B KiB MiB GiB TiB", u); i = 1; while (b >= 1024 && i < 5) { b /= 1024; i++ }
    printf (i == 1 ? "%d %s" : "%.1f %s"), b, u[i] }'
}

report_success() {
  local cached rebuilt seconds digest size
  elapsed
  seconds=$REPLY
  read -r digest size _ <"$directory/image" || :
  read -r cached rebuilt <<<"$(count_steps)"
  printf '%s\n' outcome=built "id=$id" "digest=$digest" "size=$size" "seconds=$seconds" "cached=$cached" \
    "rebuilt=$rebuilt" >"$directory/result"
  printf '\nSuccessfully tagged localhost/%s:%s\n' "$image" "$tag"
  printf '  context  ctx-%s\n  digest   %s\n  size     %s\n  time     %s s\n  steps    %d cached, %d rebuilt\n' \
    "$hash" "$digest" "$(human "${size:-0}")" "$seconds" "$cached" "$rebuilt"
}

# report_failure CODE: which step, its last lines, and what the engine's error means where we know it.
report_failure() {
  local step meaning=''
  step=$(awk '
    /^(\[[0-9]+\/[0-9]+\] )?STEP [0-9]+(\/[0-9]+)?: / || /^Step [0-9]+\/[0-9]+ : / { step = $0 }
    /^ > \[/ { failed = substr($0, 4); sub(/:$/, "", failed) }
    END { print failed != "" ? failed : step }' "$directory/log")
  printf '\nThe build failed (%s, exit %s).\n' "$engine" "$1"
  if [ -n "$step" ]; then printf '  step  %s\n' "$step"; fi
  sed '/^The build failed (/,$d' "$directory/log" | awk '
    /^(\[[0-9]+\/[0-9]+\] )?STEP [0-9]+(\/[0-9]+)?: / || /^Step [0-9]+\/[0-9]+ : / { n = 0; next }
    NF { line[n++] = substr($0, 1, 300) }
    END { for (i = n > 15 ? n - 15 : 0; i < n; i++) print "  | " line[i] }'
  case $(tail -n 200 "$directory/log") in
    *'no space left on device'* | *'No space left on device'*)
      meaning="the builder's disk is full: see what \"prune --dry-run\" would free"
      ;;
    *'exec format error'*) meaning='a program of another architecture: check the platform of the image and of its base' ;;
    *'Could not resolve host'* | *'no such host'* | *'Temporary failure in name resolution'*)
      meaning='the builder cannot resolve a name: check its network'
      ;;
    *'unauthorized'* | *'authentication required'* | *'denied: requested access'*)
      meaning="a registry wants a login: log in on the builder (\"shell -- $engine login REGISTRY\")"
      ;;
    *'toomanyrequests'*) meaning='a registry limits how often it is asked: log in there, or wait' ;;
    *'manifest unknown'*) meaning='a base image does not exist under this name' ;;
    *'This system is not registered'* | *'subscription-manager'* | *'no enabled repositories'*)
      meaning='a RHEL package needs a subscription: see "doctor"'
      ;;
  esac
  case $1 in 137) meaning=${meaning:-'a process was killed, mostly because memory ran out'} ;; esac
  if [ -n "$meaning" ]; then printf '  why   %s\n' "$meaning"; fi
  printf '  localhost/%s:%s did not move\n' "$image" "$tag"
  printf '%s\n' outcome=failed "step=$step" "engineExit=$1" >"$directory/result"
}
