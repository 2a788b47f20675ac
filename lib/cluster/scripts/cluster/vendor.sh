# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# The charts in tanka/vendor: whether they are what the stack pins, and which file is not. What reads or renders them calls
# charts_verify first. A chart's digest ("tree") is the sha256 of a list of its files, `<sha256>  <path>` a line, so that the list
# itself, kept beside the archives, can be checked by the digest it belongs to.

if has sha256sum; then
  HASH=(sha256sum)
elif has openssl; then
  HASH=(openssl dgst -sha256 -r)
else
  HASH=(shasum -a 256)
fi

# charts_read: the charts of the stack, as arrays C_…; VENDOR and CACHE.
charts_read() {
  local i name
  CHART_COUNT=0 C_NAME=() C_VERSION=() C_DIR=() C_SHA=() C_TREE=() C_KIND=() C_SOURCE=() C_URL=() C_LABEL=()
  VENDOR=$FILE_ROOT/tanka/vendor
  if [ -n "${XDG_CACHE_HOME:-}" ]; then
    CACHE=$XDG_CACHE_HOME/gantry/charts
  else
    CACHE=${HOME:-$FILE_ROOT}/.cache/gantry/charts
  fi
  # shellcheck source=/dev/null
  [ ! -r "$FILE_ROOT/$PROGRAM/charts.env" ] || . "$FILE_ROOT/$PROGRAM/charts.env"
  for ((i = 0; i < CHART_COUNT; i++)); do
    name=CHART_$((i + 1))
    read -r "C_NAME[i]" "C_VERSION[i]" "C_DIR[i]" "C_SHA[i]" "C_TREE[i]" "C_KIND[i]" "C_SOURCE[i]" "C_URL[i]" <<<"${!name}"
    C_LABEL[i]="${C_NAME[i]} ${C_VERSION[i]}"
  done
}

# file_list DIRECTORY NAME…: `<sha256>  <name>/<path>` for each file of these folders, sorted by path as bytes.
file_list() (
  cd -- "$1" || exit 1
  shift
  find "$@" -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 "${HASH[@]}" | LC_ALL=C sed 's/^\(.\{64\}\) [ *]/\1  /'
)

# hash_of FILE: REPLY = its sha256.
hash_of() {
  REPLY=$("${HASH[@]}" "$1") || return 1
  REPLY=${REPLY%% *}
}

# charts_look: C_STATE = ok, missing, changed, unpinned or unknown (an archive is pinned that was never unpacked here) for each
# chart; C_FOUND = the tree that is there; their lists are $TEMP_DIR/list.<folder>. One pass over all files: this runs before
# everything that renders.
charts_look() {
  local i dirs=() lists=() odd=''
  C_STATE=() C_FOUND=()
  temp_dir
  for ((i = 0; i < CHART_COUNT; i++)); do
    C_FOUND[i]='' C_STATE[i]=missing
    if [ -d "$VENDOR/${C_DIR[i]}" ] && [ ! -L "$VENDOR/${C_DIR[i]}" ]; then dirs+=("${C_DIR[i]}"); fi
  done
  if [ "${#dirs[@]}" -gt 0 ]; then
    for i in "${dirs[@]}"; do
      : >"$TEMP_DIR/list.$i"
      lists+=("list.$i")
    done
    file_list "$VENDOR" "${dirs[@]}" | LC_ALL=C awk -v out="$TEMP_DIR/list." '
      {
        path = substr($0, 67)
        at = index(path, "/")
        file = out substr(path, 1, at - 1)
        if (file != last) close(last) # some take only a few open files
        last = file
        print substr($0, 1, 66) substr(path, at + 1) >file
      }'
    # What is neither a file nor a folder, such as a link to somewhere else.
    odd=$(cd -- "$VENDOR" && find ${dirs[@]+"${dirs[@]}"} ! -type f ! -type d)
    charts_found < <(cd -- "$TEMP_DIR" && "${HASH[@]}" ${lists[@]+"${lists[@]}"})
  fi
  for ((i = 0; i < CHART_COUNT; i++)); do
    expected_tree "$i"
    if [ "${C_SHA[i]}${C_TREE[i]}" = -- ]; then
      C_STATE[i]=unpinned
    elif [ -n "${C_FOUND[i]}" ]; then
      C_STATE[i]=changed
      if [ "${C_FOUND[i]}" = "$REPLY" ]; then C_STATE[i]=ok; fi
      if [ -z "$REPLY" ]; then C_STATE[i]=unknown; fi
      case $'\n'$odd in *$'\n'"${C_DIR[i]}/"*) C_STATE[i]=changed ;; esac
    fi
  done
  ODD_FILES=$odd
}

# charts_found: takes the digests of the lists from standard input.
charts_found() {
  local digest name i
  while read -r digest name; do
    name=${name#\*}
    for ((i = 0; i < CHART_COUNT; i++)); do
      if [ "list.${C_DIR[i]}" = "$name" ]; then C_FOUND[i]=$digest; fi
    done
  done
}

# expected_tree I: REPLY = the tree that the chart must have; empty when only its archive is pinned and was never unpacked here.
expected_tree() {
  REPLY=${C_TREE[$1]}
  [ "$REPLY" = - ] || return 0
  REPLY=''
  if [ -r "$CACHE/${C_SHA[$1]}.tree" ]; then read -r REPLY <"$CACHE/${C_SHA[$1]}.tree" || :; fi
}

# chart_differences I: CHART_DIFFERENCES = `<path> <what>` a line for each file of the chart that is not what it must be.
chart_differences() {
  local dir=${C_DIR[$1]} expected odd tree
  odd=$(printf '%s\n' "$ODD_FILES" | LC_ALL=C awk -v dir="$dir/" 'index($0, dir) == 1 { print $0 " is no file" }')
  CHART_DIFFERENCES=$odd
  expected_tree "$1"
  tree=$REPLY expected=$CACHE/$REPLY.list
  if [ -z "$tree" ] || ! [ -r "$expected" ] || ! [ -r "$TEMP_DIR/list.$dir" ]; then return 0; fi
  hash_of "$expected"
  [ "$REPLY" = "$tree" ] || return 0 # of no use: it is not the list that the digest belongs to
  CHART_DIFFERENCES=$(
    LC_ALL=C awk -v dir="$dir" '
      { path = substr($0, 67); digest = substr($0, 1, 64) }
      FNR == NR { must[path] = digest; next }
      { seen[path] = 1 }
      !(path in must) { print dir "/" path " is not in the chart" }
      path in must && must[path] != digest { print dir "/" path " was changed" }
      END { for (path in must) if (!(path in seen)) print dir "/" path " is missing" }
    ' "$expected" "$TEMP_DIR/list.$dir" | LC_ALL=C sort
  )
  CHART_DIFFERENCES="${odd:+$odd$'\n'}$CHART_DIFFERENCES"
}

# describe_state I: REPLY = what is wrong with it, in a few lines.
describe_state() {
  local lines count
  case ${C_STATE[$1]} in
    missing) REPLY="${C_LABEL[$1]} is not in tanka/vendor/${C_DIR[$1]}" ;;
    unknown) REPLY="tanka/vendor/${C_DIR[$1]} was not put there by $PROGRAM, and the stack has no tree for ${C_LABEL[$1]}" ;;
    unpinned) REPLY="${C_LABEL[$1]} has neither sha256 nor tree in the stack" ;;
    changed)
      chart_differences "$1"
      if [ -z "$CHART_DIFFERENCES" ]; then
        REPLY="tanka/vendor/${C_DIR[$1]} is not ${C_LABEL[$1]} as the stack pins it"
        return
      fi
      lines=$(printf '%s\n' "$CHART_DIFFERENCES" | head -n 5)
      count=$(printf '%s\n' "$CHART_DIFFERENCES" | wc -l)
      REPLY="${C_LABEL[$1]}: tanka/vendor/${lines//$'\n'/$'\n'    tanka/vendor/}"
      if [ "$count" -gt 5 ]; then REPLY="$REPLY"$'\n'"    and $((count - 5)) more"; fi
      ;;
  esac
}

# charts_verify: ends the program unless every chart is what the stack pins.
charts_verify() {
  local i text='' missing='' changed='' unpinned='' remedy=''
  charts_read
  [ "$CHART_COUNT" -gt 0 ] || return 0
  charts_look
  for ((i = 0; i < CHART_COUNT; i++)); do
    case ${C_STATE[i]} in
      ok) continue ;;
      missing | unknown) missing=1 ;;
      changed) changed=1 ;;
      unpinned) unpinned=1 ;;
    esac
    describe_state "$i"
    text="$text"$'\n'"  $REPLY"
  done
  [ -n "$text" ] || return 0
  if [ -n "$missing" ]; then remedy="$PROGRAM vendor downloads them"; fi
  if [ -n "$changed" ]; then remedy="${remedy:+$remedy$'\n'}$PROGRAM vendor --force puts back what was changed"; fi
  if [ -n "$unpinned" ]; then remedy="${remedy:+$remedy$'\n'}$PROGRAM vendor --update prints the digest to put into the stack"; fi
  die 65 "the charts are not what the stack pins:$text" "$remedy"
}
