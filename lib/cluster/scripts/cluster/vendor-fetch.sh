# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2153
# Archives of charts: from the cache, a mirror or where they are published; checked, and unpacked only then.

MAX_UNPACKED=268435456 # bytes; the largest charts are a few MiB

# fetch_failed CODE TEXT: ends the job of one chart.
fetch_failed() {
  printf '%s\n' "$2" >"$JOB/error"
  exit "$1"
}

# fetch_chart I: fetches, checks and unpacks one chart in a process of its own. JOB: its folder; the chart is then $JOB/unpacked.
fetch_chart() {
  local i=$1 archive=$JOB/archive.tgz from digest
  INDEX_DIGEST=''
  if cached_archive "$i" "$archive"; then
    from='the cache'
  else
    download "$i" "$archive"
    from=$REPLY
  fi
  hash_of "$archive" || fetch_failed 2 "${C_LABEL[i]}: $archive cannot be read"
  digest=$REPLY
  if [ "${C_SHA[i]}" != - ] && [ "$digest" != "${C_SHA[i]}" ]; then
    fetch_failed 65 "${C_LABEL[i]}: the archive from $from is not the one that the stack pins: its sha256 is $digest instead of ${C_SHA[i]}"
  fi
  if [ -n "$INDEX_DIGEST" ] && [ "$digest" != "$INDEX_DIGEST" ]; then
    fetch_failed 65 "${C_LABEL[i]}: the archive from $from has sha256 $digest, but the index of the repository says $INDEX_DIGEST"
  fi
  unpack "$i" "$archive" "$from"
  printf '%s\n' "$digest" >"$JOB/sha256"
  printf '%s\n' "$from" >"$JOB/from"
  if [ "$REPLY" != "${C_TREE[i]}" ] && [ "${C_TREE[i]}" != - ]; then
    fetch_failed 65 "${C_LABEL[i]}: what is in the archive from $from is not what the stack pins: its tree is $REPLY instead of ${C_TREE[i]}"
  fi
  keep "$i" "$digest"
}

# cached_archive I FILE: puts the archive there, if it was downloaded before.
cached_archive() {
  local digest=${C_SHA[$1]}
  if [ "$digest" = - ] && [ -r "$CACHE/${C_TREE[$1]}.archive" ]; then read -r digest <"$CACHE/${C_TREE[$1]}.archive" || return 1; fi
  case $digest in *[!0-9a-f]*) return 1 ;; esac
  [ -r "$CACHE/$digest.tgz" ] || return 1
  cp -- "$CACHE/$digest.tgz" "$2" || return 1
  hash_of "$2" || return 1
  [ "$REPLY" = "$digest" ] || warn "$CACHE/$digest.tgz is damaged and not used"
  [ "$REPLY" = "$digest" ]
}

# keep I DIGEST: the archive, its list of files and what belongs to what, for later. Each file appears whole or not at all.
keep() {
  local tree
  # A cache that cannot be written costs a download, no more.
  mkdir -p -- "$CACHE" 2>/dev/null || return 0
  read -r tree <"$JOB/tree"
  keep_file "$JOB/archive.tgz" "$2.tgz"
  keep_file "$JOB/list" "$tree.list"
  keep_file "$JOB/sha256" "$tree.archive"
  keep_file "$JOB/tree" "$2.tree"
}

keep_file() {
  if cp -- "$1" "$CACHE/.new.$$.$2" 2>/dev/null && mv -f -- "$CACHE/.new.$$.$2" "$CACHE/$2" 2>/dev/null; then return; fi
  rm -f -- "$CACHE/.new.$$.$2" 2>/dev/null || :
}

# unpack I ARCHIVE FROM: $JOB/unpacked/<chart>, $JOB/list and $JOB/tree; REPLY = the tree. Nothing but files and folders below one
# folder of the chart's name: charts have no links, and one could lead out of it.
unpack() {
  local i=$1 size bad name=${C_NAME[$1]}
  size=$( (gzip -dc <"$2" || printf 'damaged' >"$JOB/damaged") 2>/dev/null | head -c $((MAX_UNPACKED + 1)) | wc -c)
  if [ "$size" -gt "$MAX_UNPACKED" ]; then fetch_failed 65 "${C_LABEL[i]}: the archive from $3 is larger than any chart when unpacked"; fi
  if [ -e "$JOB/damaged" ] || ! tar -tzf "$2" >"$JOB/names" 2>/dev/null || [ ! -s "$JOB/names" ]; then
    fetch_failed 65 "${C_LABEL[i]}: the archive from $3 is damaged or no archive"
  fi
  bad=$(LC_ALL=C awk -v top="$name/" 'index($0, top) != 1 || /\\/ || ("/" $0 "/") ~ /\/\.\.\// { print; exit }' "$JOB/names")
  if [ -n "$bad" ]; then fetch_failed 65 "${C_LABEL[i]}: the archive from $3 has a file outside of $name/: $bad"; fi
  bad=$(LC_ALL=C tar -tvzf "$2" 2>/dev/null | LC_ALL=C awk '!/^[-d]/ { print; exit }')
  if [ -n "$bad" ]; then fetch_failed 65 "${C_LABEL[i]}: the archive from $3 has something that is no file: $bad"; fi
  mkdir -- "$JOB/unpacked"
  (umask 022 && tar -xzf "$2" -C "$JOB/unpacked" --no-same-owner --no-same-permissions) 2>"$JOB/tar" \
    || fetch_failed 2 "${C_LABEL[i]}: the archive cannot be unpacked: $(head -n 1 "$JOB/tar")"
  if [ -n "$(find "$JOB/unpacked" ! -type f ! -type d)" ]; then
    fetch_failed 65 "${C_LABEL[i]}: the archive from $3 has something that is no file"
  fi
  chmod -R u+rwX -- "$JOB/unpacked"
  file_list "$JOB/unpacked" "$name" | LC_ALL=C awk -v skip=$((67 + ${#name} + 1)) '{ print substr($0, 1, 66) substr($0, skip) }' >"$JOB/list"
  hash_of "$JOB/list"
  printf '%s\n' "$REPLY" >"$JOB/tree"
}

# download I FILE: the archive from the mirror, or else from where it is published; REPLY = from where.
download() {
  local i=$1 file=${C_NAME[$1]}-${C_VERSION[$1]}.tgz
  if [ -n "$MIRROR" ]; then
    case $MIRROR in
      http://* | https://*) download_from_repository "$i" "$2" "${MIRROR%/}" - ;;
      *)
        [ -d "$MIRROR" ] || fetch_failed 2 "${C_LABEL[i]}: the mirror $MIRROR is neither a directory nor an address"
        REPLY=$MIRROR/$file
        if [ ! -r "$REPLY" ] && [ "${C_SHA[i]}" != - ]; then REPLY=$MIRROR/${C_SHA[i]}.tgz; fi
        [ -r "$REPLY" ] || fetch_failed 69 "${C_LABEL[i]}: the mirror has no $MIRROR/$file"
        cp -- "$REPLY" "$2" || fetch_failed 2 "${C_LABEL[i]}: $REPLY cannot be read"
        ;;
    esac
  elif [ -n "$OFFLINE" ]; then
    fetch_failed 69 "${C_LABEL[i]}: not in the cache $CACHE, and --offline forbids to download it"
  elif [ "${C_KIND[i]}" = oci ]; then
    download_oci "$i" "$2"
  else
    download_from_repository "$i" "$2" "${C_SOURCE[i]}" "${C_URL[i]}"
  fi
}

# download_from_repository I FILE REPOSITORY URL: where repositories have it by custom, and else where the index says. Without a
# digest of our own, the index says what it must be.
download_from_repository() {
  local i=$1 url=$4 pinned="${C_SHA[$1]}${C_TREE[$1]}"
  if [ "$url" = - ]; then url=$3/${C_NAME[i]}-${C_VERSION[i]}.tgz; fi
  if [ "$pinned" != -- ]; then
    note "${C_LABEL[i]}: downloading $url"
    if fetch_url "$url" "$2"; then
      REPLY=$url
      return
    fi
    # Only "not found" lets us look elsewhere.
    [ "$FETCH_CODE" = 22 ] || fetch_failed 69 "${C_LABEL[i]}: $url: $FETCH_ERROR"
  fi
  note "${C_LABEL[i]}: reading $3/index.yaml"
  fetch_url "$3/index.yaml" "$JOB/index.yaml" || fetch_failed 69 "${C_LABEL[i]}: $3/index.yaml: $FETCH_ERROR"
  index_entry "$JOB/index.yaml" "${C_NAME[i]}" "${C_VERSION[i]}"
  [ -n "$REPLY" ] || fetch_failed 69 "${C_LABEL[i]}: $3/index.yaml does not have it"
  INDEX_DIGEST=${REPLY#* }
  INDEX_DIGEST=${INDEX_DIGEST#sha256:}
  url=${REPLY%% *}
  case $url in
    *://*) ;;
    /*) url=$(printf '%s' "$3" | sed 's|^\([a-z]*://[^/]*\).*|\1|')$url ;;
    *) url=$3/$url ;;
  esac
  note "${C_LABEL[i]}: downloading $url"
  fetch_url "$url" "$2" || fetch_failed 69 "${C_LABEL[i]}: $url: $FETCH_ERROR"
  REPLY=$url
}

# fetch_url URL FILE: FETCH_CODE and FETCH_ERROR tell why not. Credentials come from ~/.netrc alone.
fetch_url() {
  local scheme='=https'
  case $1 in http://*) scheme='=http,https' ;; esac
  has curl || fetch_failed 1 "curl is not installed"
  FETCH_CODE=0
  FETCH_ERROR=$(curl -fsSL --netrc-optional --retry 2 --connect-timeout 10 --max-time 300 --proto "$scheme" --proto-redir "$scheme" \
    -o "$2" -- "$1" 2>&1) || FETCH_CODE=$?
  FETCH_ERROR=$(printf '%s\n' "${FETCH_ERROR#curl: }" | tail -n 1)
  [ "$FETCH_CODE" -eq 0 ]
}

# download_oci I FILE: helm knows how to log in to registries, and which ones the user is logged in to.
download_oci() {
  local i=$1 said
  has helm || fetch_failed 1 "${C_LABEL[i]}: helm is needed to download from ${C_SOURCE[i]}"
  note "${C_LABEL[i]}: downloading ${C_SOURCE[i]}:${C_VERSION[i]}"
  mkdir -- "$JOB/pulled"
  said=$(helm pull "${C_SOURCE[i]}" --version "${C_VERSION[i]}" --destination "$JOB/pulled" 2>&1) \
    || fetch_failed 69 "${C_LABEL[i]}: $(printf '%s\n' "$said" | tail -n 1)"
  mv -- "$JOB/pulled"/*.tgz "$2" 2>/dev/null || fetch_failed 69 "${C_LABEL[i]}: helm pulled no archive"
  REPLY="${C_SOURCE[i]}:${C_VERSION[i]}"
}

# index_entry FILE NAME VERSION: REPLY = "URL DIGEST" of that version; the digest may be empty.
index_entry() {
  REPLY=$(index_versions "$1" "$2" | LC_ALL=C awk -v version="$3" '$1 == version { print $2 " " ($3 == "-" ? "" : $3); exit }')
}

# index_versions FILE NAME: "VERSION URL DIGEST" for each version in the index of a repository, as helm writes it.
index_versions() {
  LC_ALL=C awk -v name="$2" '
    function plain(text) { gsub(/^[ \t]+|[ \t\r]+$/, "", text); gsub(/^["\047]|["\047]$/, "", text); return text }
    function flush() {
      if (version != "" && url != "") print version, url, (digest == "" ? "-" : digest)
      version = url = digest = ""
    }
    /^[^ #-]/ { entries = /^entries:/; here = 0; next }
    !entries { next }
    # A chart is a key two spaces in; its versions are a list below.
    /^  [^ #-]/ { flush(); here = plain(substr($0, 1, index($0, ":") - 1)) == name; deep = -1; next }
    !here { next }
    {
      match($0, /^ */)
      indent = RLENGTH
      line = substr($0, indent + 1)
      if (line ~ /^- / && (deep < 0 || indent == deep)) {
        flush()
        deep = indent
        indent += 2
        line = substr(line, 3)
        urls = 0
      }
      if (indent == deep + 2 && line !~ /^- /) {
        urls = line ~ /^urls:/
        if (line ~ /^version:/) version = plain(substr(line, 9))
        if (line ~ /^digest:/) digest = plain(substr(line, 8))
      } else if (urls && url == "" && line ~ /^- /) {
        url = plain(substr(line, 3))
      }
    }
    END { flush() }
  ' "$1"
}
