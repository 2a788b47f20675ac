# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2031
# vendor: the charts that the stack pins, in tanka/vendor.

# shellcheck source=../../../core/scripts/lock.sh
. "$COMMON_DIR/lock.sh"
# shellcheck source=vendor.sh
. "$PROGRAM_DIR/vendor.sh"
# shellcheck source=vendor-fetch.sh
. "$PROGRAM_DIR/vendor-fetch.sh"

help_vendor() {
  cat <<TEXT
Usage: $PROGRAM vendor [--check] [--force] [--offline] [--mirror DIRECTORY|URL] [--dry-run] [--json]
       $PROGRAM vendor --update [CHART[@VERSION]…]

Downloads the charts of tanka/charts.lock.json to tanka/vendor, all at once, each checked before it is put there.
Charts that are there as pinned are left alone; one that was changed is not touched without --force.

  --check    change nothing; fail when a chart is not what the stack pins
  --force    put back charts whose files were changed
  --offline  take archives from the cache alone, ${XDG_CACHE_HOME:-~/.cache}/gantry/charts
  --mirror   take archives from a directory (NAME-VERSION.tgz) or another repository (also: GANTRY_CHART_MIRROR)
  --update   print digests to put into the stack: of charts without any, and of the newest versions of the others,
             with the values and images that changed
TEXT
}

STAGE='' WAITED='' OFFLINE='' MIRROR='' JOBS=()

cmd_vendor() {
  local check='' force='' update='' names=()
  MIRROR=${GANTRY_CHART_MIRROR:-}
  while [ $# -gt 0 ]; do
    case $1 in
      --check) check=1 ;;
      --force) force=1 ;;
      --offline) OFFLINE=1 ;;
      --update) update=1 ;;
      --mirror)
        need_value vendor "$1" $#
        MIRROR=$2
        shift
        ;;
      -*) common_flag "$1" || bad_argument vendor "$1" ;;
      *) names+=("$1") ;;
    esac
    shift
  done
  if [ -z "$update" ] && [ "${#names[@]}" -gt 0 ]; then bad_argument vendor "${names[0]}"; fi
  charts_read
  if [ -n "$update" ]; then
    # shellcheck source=vendor-update.sh
    . "$PROGRAM_DIR/vendor-update.sh"
    vendor_update ${names[@]+"${names[@]}"}
    return
  fi
  charts_look
  if [ -n "$check" ]; then
    vendor_check
    return
  fi
  vendor_missing "$force"
}

# vendor_check: says what is not as pinned, and fails then.
vendor_check() {
  local i bad=''
  for ((i = 0; i < CHART_COUNT; i++)); do [ "${C_STATE[i]}" = ok ] || bad=1; done
  if [ -n "$JSON" ]; then
    vendor_json
    [ -z "$bad" ] || exit 65
  elif [ -n "$bad" ]; then
    charts_verify
  else
    counted
    say "$REPLY as pinned"
  fi
}

# counted: REPLY = 1 chart, 2 charts …
counted() { if [ "$CHART_COUNT" -eq 1 ]; then REPLY='1 chart'; else REPLY="$CHART_COUNT charts"; fi; }

# vendor_json: the state of each chart.
vendor_json() {
  local i items='' line files
  for ((i = 0; i < CHART_COUNT; i++)); do
    files=''
    if [ "${C_STATE[i]}" = changed ]; then
      chart_differences "$i"
      while IFS= read -r line; do
        [ -n "$line" ] || continue
        json_string "$line"
        files="${files:+$files,}$REPLY"
      done <<<"$CHART_DIFFERENCES"
    fi
    items="${items:+$items,}{\"chart\":\"${C_NAME[i]}\",\"version\":\"${C_VERSION[i]}\",\"directory\":\"tanka/vendor/${C_DIR[i]}\",\"state\":\"${C_STATE[i]}\",\"files\":[$files]}"
  done
  say "{\"program\":\"$PROGRAM\",\"charts\":[$items]}"
}

# vendor_missing FORCE: puts there what is not, and what --force says.
vendor_missing() {
  local i refused='' wanted=() force=$1
  for ((i = 0; i < CHART_COUNT; i++)); do
    case ${C_STATE[i]} in
      ok) continue ;;
      unpinned)
        die 65 "${C_LABEL[i]} has neither sha256 nor tree in the stack" "$PROGRAM vendor --update ${C_NAME[i]} prints them"
        ;;
      changed)
        # As an earlier version of the stack had it: nobody's work is lost.
        if [ -n "$force" ] || [ "$(recorded_tree "$i")" = "${C_FOUND[i]}" ]; then
          wanted+=("$i")
          continue
        fi
        describe_state "$i"
        refused="$refused"$'\n'"  $REPLY"
        ;;
      missing | unknown) wanted+=("$i") ;;
    esac
  done
  if [ -n "$refused" ]; then
    die 65 "charts were changed, and are not overwritten:$refused" "$PROGRAM vendor --force puts them back; a change of a chart belongs into its values"
  fi
  if [ "${#wanted[@]}" -gt 0 ] && [ -z "$DRY_RUN" ]; then
    if [ -z "$STAGE" ]; then
      vendor_lock
      if [ -n "$WAITED" ]; then
        # The other run may have done all of it.
        charts_look
        vendor_missing "$force"
        return
      fi
    fi
    fetch_all ${wanted[@]+"${wanted[@]}"}
    for i in ${wanted[@]+"${wanted[@]}"}; do install_chart "$i" "$force"; done
  fi
  if [ -n "$DRY_RUN" ]; then
    for i in ${wanted[@]+"${wanted[@]}"}; do announce "would put ${C_LABEL[i]} into tanka/vendor/${C_DIR[i]}"; done
  fi
  if [ -n "$JSON" ]; then
    vendor_json
  elif [ "${#wanted[@]}" -eq 0 ]; then
    counted
    say "$REPLY up to date"
  elif [ -z "$DRY_RUN" ]; then
    counted
    say "${#wanted[@]} of $REPLY put into tanka/vendor"
  fi
}

# recorded_tree I: the tree that an earlier run put there.
recorded_tree() {
  [ ! -r "$VENDOR/.gantry-charts" ] || LC_ALL=C awk -v dir="${C_DIR[$1]}" '$1 == dir { print $2 }' "$VENDOR/.gantry-charts"
}

# vendor_lock: one run at a time; another one may have done the work meanwhile. STAGE = where this one unpacks.
vendor_lock() {
  mkdir -p -- "$VENDOR" || die 2 "$VENDOR cannot be made"
  exec 9>"$VENDOR/.lock"
  if ! lock_file -n 9; then
    note "waiting for another run"
    WAITED=1
    lock_file 9
  fi
  recover
  STAGE=$VENDOR/.stage.$$
  mkdir -- "$STAGE" || die 2 "$STAGE cannot be made"
}

# recover: what a run that was killed left behind. Between two renames the old chart is in its stage only.
recover() {
  local stage old
  for stage in "$VENDOR"/.stage.*; do
    [ -d "$stage" ] || continue
    for old in "$stage"/old/*; do
      if [ -d "$old" ] && [ ! -e "$VENDOR/${old##*/}" ]; then mv -- "$old" "$VENDOR/${old##*/}"; fi
    done
    rm -rf -- "$stage"
  done
}

# fetch_all I…: all at once, at most eight; ends the program with everything that went wrong.
fetch_all() {
  local i pid text='' code=0 running=0
  JOBS=()
  for i in "$@"; do
    mkdir -- "$STAGE/$i"
    (
      JOB=$STAGE/$i
      exec 9>&- # the lock is not held by what outlives this program
      trap - EXIT
      fetch_chart "$i"
    ) &
    JOBS+=($!)
    running=$((running + 1))
    if [ "$running" -ge 8 ]; then
      wait "${JOBS[$((${#JOBS[@]} - 8))]}" || :
      running=$((running - 1))
    fi
  done
  for pid in "${JOBS[@]}"; do wait "$pid" || code=$?; done
  JOBS=()
  [ "$code" -ne 0 ] || return 0
  for i in "$@"; do
    [ ! -s "$STAGE/$i/error" ] || text="$text"$'\n'"  $(cat -- "$STAGE/$i/error")"
  done
  die "$code" "charts could not be vendored, nothing was changed:${text:-$'\n'  interrupted}"
}

# install_chart I FORCE: in the place of what is there.
install_chart() {
  local dir=${C_DIR[$1]} tree from bytes
  read -r tree <"$STAGE/$1/tree"
  read -r from <"$STAGE/$1/from"
  bytes=$(wc -c <"$STAGE/$1/archive.tgz")
  if [ "${C_STATE[$1]}" = unknown ] && [ -z "$2" ] && [ "${C_FOUND[$1]}" != "$tree" ]; then
    die 65 "tanka/vendor/$dir is not ${C_LABEL[$1]} as the stack pins it" "$PROGRAM vendor --force puts it in its place"
  fi
  mkdir -p -- "$STAGE/old"
  if [ -e "$VENDOR/$dir" ] || [ -L "$VENDOR/$dir" ]; then mv -- "$VENDOR/$dir" "$STAGE/old/$dir" || die 2 "$VENDOR/$dir cannot be replaced"; fi
  mv -- "$STAGE/$1/unpacked/${C_NAME[$1]}" "$VENDOR/$dir" || die 2 "$VENDOR/$dir cannot be made"
  {
    if [ -r "$VENDOR/.gantry-charts" ]; then LC_ALL=C awk -v dir="$dir" '$1 != dir' "$VENDOR/.gantry-charts"; fi
    printf '%s %s\n' "$dir" "$tree"
  } >"$STAGE/record"
  mv -f -- "$STAGE/record" "$VENDOR/.gantry-charts"
  C_STATE[$1]=ok
  human_size "$((bytes))"
  note "${C_LABEL[$1]}: $REPLY from $from"
}

# charts_leave: when the program ends, however it does.
charts_leave() {
  local pid
  for pid in ${JOBS[@]+"${JOBS[@]}"}; do kill "$pid" 2>/dev/null || :; done
  [ -z "$STAGE" ] || recover
}
