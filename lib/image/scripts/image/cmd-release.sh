# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2153
# release: the production image under a version, a release on GitHub, and the moving tags last.

# shellcheck source=cmd-publish.sh
. "$PROGRAM_DIR/cmd-publish.sh"
# shellcheck source=cmd-verify.sh
. "$PROGRAM_DIR/cmd-verify.sh"
# shellcheck source=version-file.sh
. "$PROGRAM_DIR/version-file.sh"

help_release() {
  cat <<TEXT
Usage: $PROGRAM release [OPTIONS] VERSION

Publishes the production image as VERSION, such as 3.1.0. First the checklist, all of it, before anything is changed:
  the version file of the stack (Cargo.toml, package.json …) has this version
  the changelog has an entry for it, which becomes the notes of the release
  the git tree is clean, and its commit's CI runs have succeeded (by gh)
  the base images it is built FROM are published
Then: build, push under the content and the version tag, pull by digest and verify, 'gh release create', and at
last the moving tags (latest). What fails leaves those where they are; the same command again goes on after what is done.
A version with a suffix, such as 3.1.0-rc.1, is a pre-release: no tag moves.

  --image IMAGE        the image to release, when the stack has several of production
  --skip-ci            do not ask for CI runs
  --no-github-release  without gh release create
  --token-file FILE    a file that holds the token, instead of the environment's
  --dry-run            check, and say every step; changes nothing

Exit codes: 0 done, 1 the checklist, verification or a missing tool, 2 usage, 65 failed or refused, 69 unreachable.
TEXT
}

cmd_release() {
  local named=''
  RELEASE='' SKIP_CI='' NO_GITHUB='' REQUIRE_SIGNATURE='' PUBLISH_PLATFORM='' PARTIAL='' ASSEMBLE='' WRITE_CACHE='' READ_CACHE=1
  while [ $# -gt 0 ]; do
    SHIFT=1
    case $1 in
      --image)
        need_value release "$1" $#
        named=$2 SHIFT=2
        ;;
      --image=*) named=${1#*=} ;;
      --skip-ci) SKIP_CI=1 ;;
      --no-github-release) NO_GITHUB=1 ;;
      -*) registry_flag release "$@" || common_flag "$1" || bad_argument release "$1" ;;
      *)
        [ -z "$RELEASE" ] || bad_argument release "$1"
        RELEASE=$1
        ;;
    esac
    shift "$SHIFT"
  done
  local pattern='^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$'
  [[ $RELEASE =~ $pattern ]] || die 2 "release: wants a version such as 3.1.0, not '$RELEASE'" "see: $PROGRAM help release"
  temp_dir
  release_image "$named"
  release_check
  release_publication
  find_token needed
  release_run
}

# release_image [IMAGE]: RELEASE_IMAGE.
release_image() {
  local each found=''
  RELEASE_IMAGE=${1:-}
  if [ -z "$RELEASE_IMAGE" ]; then
    for each in $IMAGES; do
      load_tags "$each"
      if [ "$ROLE" = production ]; then found="${found:+$found }$each"; fi
    done
    case $found in
      '') die 2 "no image of this stack is for production" "say which one: $PROGRAM release --image IMAGE $RELEASE" ;;
      *' '*) die 2 "several images are for production: $found" "say which one: $PROGRAM release --image IMAGE $RELEASE" ;;
    esac
    RELEASE_IMAGE=$found
  fi
  publications_of "$RELEASE_IMAGE"
  RELEASE_PUBLICATION=${CHOSEN[0]}
}

# release_publication: loads it, with the version of this release for that of the stack.
release_publication() {
  load_publication "$RELEASE_PUBLICATION"
  RELEASE_TAGS=$MOVING_TAGS
  case $RELEASE in *-*) RELEASE_TAGS='' ;; esac
  VERSION=$RELEASE VERSION_TAG=$RELEASE MOVING_TAGS=''
}

# release_check: the checklist; all faults at once.
release_check() {
  local fault faults=''
  FAULTS=()
  phase check
  load_publication "$RELEASE_PUBLICATION"
  check_version_file
  check_changelog
  check_tree
  check_ci
  if [ -z "$NO_GITHUB" ] && ! has gh; then
    FAULTS+=("gh is not installed: https://cli.github.com, or --no-github-release")
  fi
  check_bases
  [ "${#FAULTS[@]}" -gt 0 ] || return 0
  for fault in "${FAULTS[@]}"; do faults="${faults:+$faults$'\n'}$fault"; done
  die 1 "$RELEASE is not ready to be released" "$faults"
}

check_version_file() {
  local file=$PROJECT_ROOT/$VERSION_FILE
  [ -n "$VERSION_FILE" ] || return 0
  if ! [ -r "$file" ]; then
    FAULTS+=("$VERSION_FILE is not there")
    return
  fi
  version_in_file "$file"
  [ "$REPLY" = "$RELEASE" ] || FAULTS+=("$VERSION_FILE has the version ${REPLY:-of nothing}: put $RELEASE there")
}

# check_changelog: the entry becomes $TEMP_DIR/notes, its heading RELEASE_TITLE.
check_changelog() {
  local file=$PROJECT_ROOT/$CHANGELOG
  RELEASE_TITLE=v$RELEASE
  if ! [ -r "$file" ]; then
    FAULTS+=("$CHANGELOG is not there")
    return
  fi
  # From the heading that names the version as a word to the next one of its level or above.
  VERSION=$RELEASE awk '
    function names(line, at, before, after) {
      at = index(line, ENVIRON["VERSION"])
      if (at == 0) return 0
      before = at == 1 ? " " : substr(line, at - 1, 1)
      after = substr(line, at + length(ENVIRON["VERSION"]), 1)
      return before !~ /[0-9A-Za-z.-]/ || (before == "v" && substr(line, at - 2, 1) !~ /[0-9A-Za-z]/) ? after !~ /[0-9A-Za-z.-]/ : 0
    }
    /^#+ / { level = index($0, " "); if (inside && level <= start) exit; if (!inside && names($0)) { inside = 1; start = level; next } }
    inside { print }' "$file" | sed '/./,$!d' >"$TEMP_DIR/notes"
  grep -q '[^[:space:]]' "$TEMP_DIR/notes" || FAULTS+=("$CHANGELOG has no entry for $RELEASE: a heading with it and some text below")
}

# check_tree: COMMIT, and that nothing else is in the tree.
check_tree() {
  local changed
  COMMIT=''
  if ! COMMIT=$(cd -- "$PROJECT_ROOT" && git rev-parse HEAD 2>/dev/null); then
    FAULTS+=("$PROJECT_ROOT is not in git, or has no commit")
    return
  fi
  changed=$(cd -- "$PROJECT_ROOT" && git status --porcelain 2>/dev/null | sed -n 1,3p)
  [ -z "$changed" ] || FAULTS+=("the git tree is not clean: ${changed//$'\n'/, }")
}

check_ci() {
  local runs status conclusion name bad='' count=0
  if [ -n "$SKIP_CI" ] || [ -z "$COMMIT" ] || ! has gh; then return; fi
  if ! runs=$(cd -- "$PROJECT_ROOT" && with_token gh run list --commit "$COMMIT" --json status,conclusion,workflowName \
    --jq '.[] | [.status, (.conclusion | if . == "" then "-" else . end), .workflowName] | join(" ")' 2>"$TEMP_DIR/gh"); then
    FAULTS+=("gh cannot say how CI went: $(tail -n 1 "$TEMP_DIR/gh") (--skip-ci does without)")
    return
  fi
  while read -r status conclusion name; do
    [ -n "$status" ] || continue
    count=$((count + 1))
    case $conclusion in
      success | skipped | neutral) ;;
      *)
        if [ "$conclusion" = - ]; then conclusion=$status; fi
        bad="${bad:+$bad, }$name: $conclusion"
        ;;
    esac
  done <<<"$runs"
  if [ -n "$bad" ]; then
    FAULTS+=("CI of the commit ${COMMIT:0:12} has not succeeded: $bad")
  elif [ "$count" -eq 0 ]; then
    FAULTS+=("CI has not run for the commit ${COMMIT:0:12}: push it, or --skip-ci")
  fi
}

# with_token COMMAND…: gh uses the token that we were given, or its own login.
with_token() {
  if [ -n "$TOKEN" ]; then GH_TOKEN=$TOKEN "$@" </dev/null; else "$@" </dev/null; fi
}

check_bases() {
  local base content hash=''
  load_tags "$RELEASE_IMAGE"
  for base in $BASES; do
    if ! publication_of "$base"; then
      FAULTS+=("the base $base is not published by this stack: a GhcrPublication for it makes it so")
      continue
    fi
    find_token needed
    content_hash "$base"
    content=$CONTENT_PREFIX$HASH
    registry look "tag=$content" || registry_failed $?
    tag_answer "$content"
    [ -n "$REPLY" ] || FAULTS+=("the base $base is not published in its present form: $PROGRAM publish $base")
  done
}

release_run() {
  local notes=(--title "$RELEASE_TITLE" --notes-file "$TEMP_DIR/notes" --target "$COMMIT") each
  case $RELEASE in *-*) notes+=(--prerelease) ;; esac
  publish_one # with a dry run too: says what it would do
  if [ -n "$DRY_RUN" ]; then
    announce "would run: pull $REGISTRY/$NAME:$RELEASE by digest and check it"
    quote gh release create "v$RELEASE" --title "$RELEASE_TITLE" --notes-file "the entry of $CHANGELOG" --target "$COMMIT"
    [ -n "$NO_GITHUB" ] || announce "would run: $REPLY"
    for each in $RELEASE_TAGS; do announce "would run: put $REGISTRY/$NAME:$each on it"; done
    return
  fi
  verify_one "$RELEASE" || die 1 "$RELEASE is published, and not as it should be" "the moving tags stay where they are"
  case $VERIFIED_OUTPUT in
    *"$RELEASE"* | '') ;;
    *) warn "the image says '$VERIFIED_OUTPUT', which does not name $RELEASE" ;;
  esac
  if [ -z "$NO_GITHUB" ]; then
    phase github
    if (cd -- "$PROJECT_ROOT" && with_token gh release view "v$RELEASE") >/dev/null 2>&1; then
      note "the release v$RELEASE is on GitHub already"
    elif ! (cd -- "$PROJECT_ROOT" && with_token gh release create "v$RELEASE" "${notes[@]}") >"$TEMP_DIR/gh" 2>&1; then
      die 65 "gh cannot create the release v$RELEASE: $(tail -n 1 "$TEMP_DIR/gh")" "the image is published as $RELEASE, and the moving tags stay where they are
run the same again when that is mended"
    fi
  fi
  if [ -n "$RELEASE_TAGS" ]; then
    local words=()
    for each in $RELEASE_TAGS; do words+=("tag=$each"); done
    phase move
    registry move "digest=$OUR_DIGEST" ${words[@]+"${words[@]}"} || registry_failed $?
  fi
  if [ -n "$JSON" ]; then
    say "{\"release\":\"$RELEASE\",\"image\":\"$IMAGE\",\"repository\":\"$REGISTRY/$NAME\",\"digest\":\"$OUR_DIGEST\",\"outcome\":\"released\"}"
  else
    say "$IMAGE: released $RELEASE, $REGISTRY/$NAME@$OUR_DIGEST${RELEASE_TAGS:+, which $RELEASE_TAGS is on now}"
  fi
  RUN_IMAGE=$IMAGE RUN_HASH=$HASH
  run_write released 0
}
