# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2030,SC2031,SC2034,SC2153
# vendor --update: which digests to put into the stack, and what another version of a chart changes.

# vendor_update [CHART[@VERSION]…]
vendor_update() {
  local i word known items=''
  temp_dir
  for word in "$@"; do
    known=''
    for ((i = 0; i < CHART_COUNT; i++)); do
      if [ "${word%%@*}" = "${C_NAME[i]}" ] || [ "${word%%@*}" = "${C_DIR[i]}" ]; then known=1; fi
    done
    [ -n "$known" ] || die 2 "unknown chart: ${word%%@*}" "the stack has: ${C_NAME[*]:-none}"
  done
  for ((i = 0; i < CHART_COUNT; i++)); do
    wanted_version "$i" "$@" || continue
    update_chart "$i" "$REPLY"
    [ -z "$JSON" ] || items="${items:+$items,}$REPLY"
  done
  if [ -n "$JSON" ]; then say "{\"program\":\"$PROGRAM\",\"charts\":[$items]}"; fi
}

# wanted_version I WORDS…: whether the chart is asked for; REPLY = the version, empty for the newest.
wanted_version() {
  local i=$1 word
  REPLY=''
  shift
  if [ $# -eq 0 ]; then return; fi
  for word in "$@"; do
    case $word in
      "${C_NAME[i]}" | "${C_DIR[i]}") return 0 ;;
      "${C_NAME[i]}@"* | "${C_DIR[i]}@"*)
        REPLY=${word#*@}
        return 0
        ;;
    esac
  done
  return 1
}

# update_chart I VERSION: prints what to put into the stack, and what changes; with --json, REPLY = it as an object.
update_chart() {
  local i=$1 to=$2 from=${C_VERSION[$1]} pinned="${C_SHA[$1]}${C_TREE[$1]}" sha tree
  if [ "$pinned" = -- ]; then
    to=${to:-$from}
    from=''
  fi
  if [ -z "$to" ]; then
    newest_version "$i"
    to=$REPLY
  fi
  if [ "$to" = "$from" ]; then
    REPLY="{\"chart\":\"${C_NAME[i]}\",\"from\":\"$from\",\"to\":\"$to\"}"
    [ -n "$JSON" ] || say "${C_LABEL[i]} is the newest version"
    return
  fi
  fetch_version "$i" "$to" "$TEMP_DIR/new.$i" any
  read -r sha <"$TEMP_DIR/new.$i/sha256"
  read -r tree <"$TEMP_DIR/new.$i/tree"
  local gone='' new='' images=''
  if [ -n "$from" ]; then
    fetch_version "$i" "$from" "$TEMP_DIR/old.$i" pinned
    compare_versions "$TEMP_DIR/old.$i/unpacked/${C_NAME[i]}" "$TEMP_DIR/new.$i/unpacked/${C_NAME[i]}"
  fi
  if [ -n "$JSON" ]; then
    json_lines "$gone" && gone=$REPLY
    json_lines "$new" && new=$REPLY
    json_lines "$images"
    REPLY="{\"chart\":\"${C_NAME[i]}\",\"from\":\"$from\",\"to\":\"$to\",\"sha256\":\"$sha\",\"tree\":\"$tree\",\"goneValues\":$gone,\"newValues\":$new,\"images\":$REPLY}"
    return
  fi
  say "${C_NAME[i]} ${from:+$from -> }$to"
  [ -z "$gone" ] || say "  values that are gone:"$'\n'"    ${gone//$'\n'/$'\n'    }"
  [ -z "$new" ] || say "  values that are new:"$'\n'"    ${new//$'\n'/$'\n'    }"
  [ -z "$images" ] || say "  images and versions:"$'\n'"    ${images//$'\n'/$'\n'    }"
  say "  for the stack: \"$to\", { sha256: \"$sha\", tree: \"$tree\" }"
}

# fetch_version I VERSION DIRECTORY pinned|any: the chart, unpacked in a directory.
fetch_version() (
  C_VERSION[$1]=$2 C_LABEL[$1]="${C_NAME[$1]} $2"
  if [ "$4" = any ]; then C_SHA[$1]=- C_TREE[$1]=- C_URL[$1]=-; fi
  mkdir -- "$3"
  JOB=$3
  trap - EXIT
  (fetch_chart "$1") || die $? "$(cat -- "$JOB/error" 2>/dev/null)"
)

# newest_version I: REPLY = the newest one that is no pre-release.
newest_version() {
  local i=$1 versions index=$TEMP_DIR/index.$1 from=${C_SOURCE[$1]}
  if [ -n "$MIRROR" ]; then from=$MIRROR; fi
  case $from in
    oci://*)
      has helm || die 1 "helm is needed to look into $from"
      versions=$(helm show chart "$from" 2>&1) || die 69 "${C_LABEL[i]}: $(printf '%s\n' "$versions" | tail -n 1)"
      versions=$(printf '%s\n' "$versions" | sed -n 's/^version: *//p')
      ;;
    http://* | https://*)
      note "reading ${from%/}/index.yaml"
      (JOB=$TEMP_DIR && trap - EXIT && { fetch_url "${from%/}/index.yaml" "$index" || fetch_failed 69 "$from: $FETCH_ERROR"; }) \
        || die 69 "${C_LABEL[i]}: $(cat -- "$TEMP_DIR/error")"
      versions=$(index_versions "$index" "${C_NAME[i]}" | sed 's/ .*//')
      ;;
    *) versions=$(cd -- "$from" && printf '%s\n' "${C_NAME[i]}"-[0-9]*.tgz | sed "s/^${C_NAME[i]}-//; s/\.tgz\$//") ;;
  esac
  REPLY=$(printf '%s\n' "$versions" | sed -n 's/^v\{0,1\}\([0-9]*\.[0-9]*\.[0-9]*\)$/\1/p' | sort -t . -k 1,1n -k 2,2n -k 3,3n | tail -n 1)
  [ -n "$REPLY" ] || die 69 "${C_LABEL[i]}: $from does not have it"
}

# compare_versions OLD NEW: sets gone, new and images of the caller. Images are what looks like one in the values, and what the
# chart says of itself.
compare_versions() {
  local file folder=$1
  for file in old new; do
    flat_values "$folder/values.yaml" >"$TEMP_DIR/$file.values"
    {
      flat_values "$folder/Chart.yaml" | LC_ALL=C grep -E '^(appVersion|kubeVersion) ' || :
      LC_ALL=C grep -E '(^|\.)(tag|repository|image|registry) .' "$TEMP_DIR/$file.values" || :
    } | LC_ALL=C sort >"$TEMP_DIR/$file.images"
    LC_ALL=C sed 's/ .*//' "$TEMP_DIR/$file.values" | LC_ALL=C sort -u >"$TEMP_DIR/$file.keys"
    folder=$2
  done
  gone=$(LC_ALL=C comm -23 "$TEMP_DIR/old.keys" "$TEMP_DIR/new.keys")
  new=$(LC_ALL=C comm -13 "$TEMP_DIR/old.keys" "$TEMP_DIR/new.keys")
  images=$(LC_ALL=C awk '
    { path = $1; $1 = ""; value = substr($0, 2) }
    FNR == NR { old[path] = value; next }
    path in old { if (old[path] != value) print path ": " old[path] " -> " value; next }
    { print path ": new, " value }
  ' "$TEMP_DIR/old.images" "$TEMP_DIR/new.images")
}

# flat_values FILE: "PATH VALUE" for each key of a YAML file as charts write them: maps in blocks, the rest as it stands.
flat_values() {
  LC_ALL=C awk '
    /^[ \t]*(#|$)/ || /^---/ { next }
    {
      match($0, /^ */)
      indent = RLENGTH
      if (block >= 0 && indent > block) next # text after | or >
      block = -1
      line = substr($0, indent + 1)
      if (line ~ /^-( |$)/) { list = indent; next }
      if (list >= 0 && indent > list) next # inside of a list
      list = -1
      if (!match(line, /^["\047]?[A-Za-z0-9_.\/-]+["\047]?:( |$)/)) next
      key = substr(line, 1, RLENGTH)
      value = substr(line, RLENGTH + 1)
      gsub(/["\047: ]/, "", key)
      sub(/ +#.*$/, "", value)
      gsub(/^[ \t"\047]+|[ \t"\047\r]+$/, "", value)
      while (depth > 0 && indents[depth] >= indent) depth--
      depth++
      indents[depth] = indent
      names[depth] = key
      path = names[1]
      for (i = 2; i <= depth; i++) path = path "." names[i]
      if (value ~ /^[|>]/) { block = indent; value = "" }
      print path " " value
    }
    BEGIN { block = -1; list = -1; depth = 0 }
  ' "$1"
}

# json_lines TEXT: REPLY = its lines as a list.
json_lines() {
  local line items=''
  while IFS= read -r line; do
    [ -n "$line" ] || continue
    json_string "$line"
    items="${items:+$items,}$REPLY"
  done <<<"$1"
  REPLY="[$items]"
}
