# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2153
# gc: old contents out of a registry, and nothing that anything kept is made of; and old layers of the build cache.

# shellcheck source=registry.sh
. "$PROGRAM_DIR/registry.sh"

help_gc() {
  cat <<TEXT
Usage: $PROGRAM gc [OPTIONS] [IMAGE…]

Shows which published images are old, and with --yes removes them from the registry. Only content tags of the image (and of
single platforms) are ever looked at for that: version tags, moving tags, tags of anybody else, whatever an index that stays
is made of, and signatures and attestations of what stays are kept. The newest contents stay by number. On ghcr.io, through
gh, also images without a tag go that are older than a day and belong to nothing.

Where the stack has a build cache in the registry, layers of it that are old go as well: each build with other sources leaves some
there, and a registry removes none by itself. A build that wants such a layer makes it anew.

  --keep N            so many of the newest contents stay, beside those that another tag names (default: the stack's number)
  --cache-older-than AGE  the age at which layers of the cache go, such as 30d or 12h (default: the stack's number of days)
  --yes               remove; without it, or with --dry-run, only show
  --token-file FILE   a file that holds the token, instead of the environment's
  --json              the plan, or what was removed, as one line of JSON for each image

A registry gives the room back when it collects its garbage.
Exit codes: 0 done, 1 refused login or a missing tool, 2 usage, 65 the registry does not delete, 69 unreachable.
TEXT
}

cmd_gc() {
  local images=() name keep='' age='' done=' '
  while [ $# -gt 0 ]; do
    SHIFT=1
    case $1 in
      --keep)
        need_value gc "$1" $#
        keep=$2 SHIFT=2
        ;;
      --keep=*) keep=${1#*=} ;;
      --cache-older-than)
        need_value gc "$1" $#
        age=$2 SHIFT=2
        ;;
      --cache-older-than=*) age=${1#*=} ;;
      -*) registry_flag gc "$@" || common_flag "$1" || bad_argument gc "$1" ;;
      *) images+=("$1") ;;
    esac
    shift "$SHIFT"
  done
  case $keep in
    *[!0-9]* | ??????*) die 2 "gc: --keep wants a number, not $keep" ;;
  esac
  if [ -n "$age" ]; then
    age_seconds "$age" || die 2 "gc: --cache-older-than wants an age such as 30d or 12h, not $age"
    age=$REPLY
  fi
  publications_of ${images[@]+"${images[@]}"}
  for name in "${CHOSEN[@]}"; do
    load_publication "$name"
    find_token needed
    gc_one "${keep:-$KEEP_VERSIONS}"
    if [ -n "$CACHE_NAME_REF" ]; then
      # Images may share one.
      case $done in *" $REGISTRY/$CACHE_NAME_REF "*) continue ;; esac
      done="$done$REGISTRY/$CACHE_NAME_REF "
      gc_cache "${age:-$((CACHE_DAYS * 86400))}"
    fi
  done
}

# gc_one KEEP: the loaded publication.
gc_one() {
  RUN_IMAGE=$IMAGE
  phase list
  registry inventory || registry_failed $?
  gc_versions
  gc_plan "$1"
  gc_finish "$IMAGE"
}

# gc_cache SECONDS: the build cache of the loaded publication, of which layers that are older go. podman has a tag of 64 digits for
# each; docker has one tag for all that is in use, and the rest has none.
gc_cache() {
  local NAME=$CACHE_NAME_REF word tag digest rest oldest
  clock
  utc_time $((NOW_MS - $1 * 1000)) && oldest=$REPLY
  phase list
  registry inventory || registry_failed $?
  VERSIONS='' VERSIONS_PATH='' KEPT=' ' GONE=''
  [ -z "$ANSWER" ] || gc_versions # without a tag there is perhaps no package to ask about
  while read -r word tag digest rest; do
    [ "$word" = tag ] || continue
    if ! [[ $tag =~ ^[0-9a-f]{64}$ ]] || ! [[ ${rest#* } =~ ^[0-9]{4}- ]] || ! [[ ${rest#* } < $oldest ]]; then KEPT="$KEPT$digest "; fi
  done <<<"$ANSWER"
  gc_keep_children
  gc_collect '^[0-9a-f]{64}$' image
  [ -z "$VERSIONS" ] || gc_untagged
  gc_finish "$IMAGE, the build cache"
}

# gc_finish WHAT: shows GONE of the loaded repository, or removes it.
gc_finish() {
  local outcome='nothing to remove'
  gc_show
  if [ -n "$GONE" ]; then
    if [ -n "$DRY_RUN" ] || [ -z "$YES" ]; then
      outcome='dry run'
      [ -n "$JSON" ] || note "nothing was removed; remove these with: $PROGRAM gc --yes $IMAGE"
    else
      phase remove
      gc_remove
      outcome=removed
    fi
  fi
  if [ -n "$JSON" ]; then gc_json "$outcome"; elif [ "$outcome" != 'dry run' ]; then say "$1: $outcome"; fi
  run_write "$outcome" 0
}

# gc_versions: VERSIONS = lines of "ID DIGEST CREATED TAGS" of ghcr.io, which deletes by its own numbers; else empty.
gc_versions() {
  local owner=${NAME%%/*} package=${NAME#*/} kind
  VERSIONS='' VERSIONS_PATH=''
  [ "$REGISTRY" = ghcr.io ] || return 0
  has gh || die 1 "gh is not installed" "ghcr.io deletes through GitHub's API only: https://cli.github.com"
  package=${package//\//%2F}
  for kind in orgs users; do
    VERSIONS_PATH=/$kind/$owner/packages/container/$package/versions
    if VERSIONS=$(GH_TOKEN=$TOKEN gh api --paginate "$VERSIONS_PATH?per_page=100" \
      --jq '.[] | [(.id | tostring), .name, .created_at, (.metadata.container.tags | join(","))] | join(" ")' 2>"$TEMP_DIR/gh"); then return 0; fi
  done
  die 1 "gh cannot list the versions of $NAME: $(tail -n 1 "$TEMP_DIR/gh")" "the token needs the scopes read:packages and delete:packages"
}

# gc_plan KEEP: GONE = digests to remove, parents before children, a blank between. Works on the answer.
gc_plan() {
  local keep=$1 word tag digest rest hash pattern kept=' ' newest time count=0
  pattern="^${CONTENT_PREFIX//./\\.}([0-9a-f]{16})(-[a-z0-9-]+)?\$"
  # What any other tag names stays, and so does what that is made of.
  while read -r word tag digest rest; do
    [ "$word" = tag ] || continue
    if ! [[ $tag =~ $pattern ]] && ! is_attached "$tag"; then kept="$kept$digest "; fi
  done <<<"$ANSWER"
  # A content stays as a whole: its index and its platforms.
  newest=$(while read -r word tag digest rest; do
    [ "$word" = tag ] || continue
    if [[ $tag =~ $pattern ]]; then printf '%s %s\n' "${rest#* }" "${BASH_REMATCH[1]}"; fi
  done <<<"$ANSWER" | sort -r | awk '!seen[$2]++')
  KEPT_HASHES=' '
  while read -r time hash; do
    # One without a time may be the newest, and takes nobody's place.
    case $time in
      [0-9]*)
        count=$((count + 1))
        [ "$count" -le "$keep" ] || continue
        ;;
    esac
    KEPT_HASHES="$KEPT_HASHES$hash "
  done <<<"$newest"
  # One that another tag names as well is kept as a whole too.
  while read -r word tag digest rest; do
    [ "$word" = tag ] || continue
    [[ $tag =~ $pattern ]] || continue
    hash=${BASH_REMATCH[1]}
    case $kept in *" $digest "*) KEPT_HASHES="$KEPT_HASHES$hash " ;; esac
  done <<<"$ANSWER"
  while read -r word tag digest rest; do
    [ "$word" = tag ] || continue
    [[ $tag =~ $pattern ]] || continue
    case $KEPT_HASHES in *" ${BASH_REMATCH[1]} "*) kept="$kept$digest " ;; esac
  done <<<"$ANSWER"
  KEPT=$kept
  gc_keep_children
  GONE=''
  gc_collect "$pattern" index
  gc_collect "$pattern" image
  gc_attached
  [ -z "$VERSIONS" ] || gc_untagged
}

# is_attached TAG: whether it is the signature or attestation of a digest.
is_attached() {
  local hex=${1#sha256-}
  hex=${hex%%.*}
  case $1 in sha256-*) [ "${#hex}" -eq 64 ] ;; *) return 1 ;; esac
}

# gc_keep_children: KEPT grows by everything that an index in it names, to the bottom.
gc_keep_children() {
  local word parent child before=''
  while [ "$before" != "$KEPT" ]; do
    before=$KEPT
    while read -r word parent child; do
      [ "$word" = child ] || continue
      case $KEPT in
        *" $child "*) ;;
        *" $parent "*) KEPT="$KEPT$child " ;;
      esac
    done <<<"$ANSWER"
  done
}

# gc_collect PATTERN KIND: adds to GONE what content tags name and nothing keeps, and the children of such an index.
gc_collect() {
  local word tag digest kind rest parent child
  while read -r word tag digest kind rest; do
    [ "$word $kind" = "tag $2" ] || continue
    if [[ $tag =~ $1 ]]; then gc_add "$digest"; fi
  done <<<"$ANSWER"
  [ "$2" = index ] || return 0
  while read -r word parent child; do
    [ "$word" = child ] || continue
    case " $GONE " in *" $parent "*) gc_add "$child" ;; esac
  done <<<"$ANSWER"
}

gc_add() { # DIGEST
  case $KEPT in *" $1 "*) return ;; esac
  case " $GONE " in *" $1 "*) ;; *) GONE="${GONE:+$GONE }$1" ;; esac
}

# gc_attached: signatures and attestations go with what they are of.
gc_attached() {
  local word tag digest rest hex
  while read -r word tag digest rest; do
    [ "$word" = tag ] || continue
    is_attached "$tag" || continue
    hex=${tag#sha256-}
    hex=${hex%%.*}
    case " $GONE " in *" sha256:$hex "*) gc_add "$digest" ;; esac
  done <<<"$ANSWER"
}

# gc_untagged: what ghcr.io has without a tag and nothing is made of. Not of the last day: its index may be on its way.
gc_untagged() {
  local id word tag digest created tags day
  # Attestations have no tag either; what their index is of may be none of ours.
  while read -r word tag digest tags; do
    [ "$word" = tag ] || continue
    case " $GONE " in *" $digest "*) ;; *) KEPT="$KEPT$digest " ;; esac
  done <<<"$ANSWER"
  gc_keep_children
  clock
  utc_time $((NOW_MS - 86400000)) && day=$REPLY
  while read -r id digest created tags; do
    if [ -n "$id" ] && [ -z "$tags" ] && [[ $created < $day ]]; then gc_add "$digest"; fi
  done <<<"$VERSIONS"
}

# gc_tags DIGEST: REPLY = its tags, a blank between.
gc_tags() {
  local word tag digest rest
  REPLY=''
  while read -r word tag digest rest; do
    if [ "$word" = tag ] && [ "$digest" = "$1" ]; then REPLY="${REPLY:+$REPLY }$tag"; fi
  done <<<"$ANSWER"
}

gc_show() {
  local digest
  [ -z "$JSON$QUIET" ] || return 0
  for digest in $GONE; do
    gc_tags "$digest"
    say "$REGISTRY/$NAME@$digest  ${REPLY:-no tag}"
  done
}

gc_json() { # OUTCOME
  local digest each items='' tags
  for digest in $GONE; do
    gc_tags "$digest"
    tags=''
    for each in $REPLY; do tags="${tags:+$tags,}\"$each\""; done
    items="${items:+$items,}{\"digest\":\"$digest\",\"tags\":[$tags]}"
  done
  say "{\"image\":\"$IMAGE\",\"repository\":\"$REGISTRY/$NAME\",\"outcome\":\"$1\",\"images\":[$items]}"
}

gc_remove() {
  local words=() digest id name rest
  if [ -z "$VERSIONS_PATH" ]; then
    for digest in $GONE; do words+=("tag=$digest"); done
    registry remove ${words[@]+"${words[@]}"} || registry_failed $?
    return
  fi
  for digest in $GONE; do
    while read -r id name rest; do
      [ "$name" = "$digest" ] || continue
      GH_TOKEN=$TOKEN gh api --method DELETE "$VERSIONS_PATH/$id" >/dev/null 2>"$TEMP_DIR/gh" </dev/null \
        || die 65 "$REGISTRY/$NAME@$digest cannot be removed: $(tail -n 1 "$TEMP_DIR/gh")" "the token needs the scope delete:packages"
    done <<<"$VERSIONS"
  done
}
