# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Sources from a git repository: a bare mirror that all builds share, and a work tree for each build.

# shellcheck source=../../../core/scripts/lock.sh
. "$COMMON_DIR/lock.sh"
# shellcheck source=version-file.sh
. "$PROGRAM_DIR/version-file.sh"

SOURCE_TREE='' SOURCE_MIRROR=''

# cache_directory: REPLY = where mirrors are kept.
cache_directory() {
  if [ "$(uname -s)" = Darwin ]; then REPLY=$HOME/Library/Caches/$CACHE_NAME; else REPLY=${XDG_CACHE_HOME:-$HOME/.cache}/$CACHE_NAME; fi
  REPLY=$REPLY/repos
}

# source_url: REPLY = the stack's repository, the project's own origin, or the project itself.
source_url() {
  REPLY=$SOURCE_URL
  [ -z "$REPLY" ] || return 0
  REPLY=$(git -C "$PROJECT_ROOT" remote get-url origin 2>/dev/null) && return 0
  REPLY=$(git -C "$PROJECT_ROOT" rev-parse --show-toplevel 2>/dev/null) \
    || die 2 "there is no repository to build from" "give BuildModes a source: { url: … }, or make the project a git repository"
  note "the project has no remote: building what is committed in $REPLY"
}

# source_checkout REF: SOURCE_TREE = a work tree of the commit, SOURCE_COMMIT, SOURCE_SHORT. No REF: the stack's, else the
# repository's default branch.
source_checkout() {
  local ref=${1:-$SOURCE_REF} url name
  case $ref in
    -*) die 2 "$ref is not a branch, tag or commit" "a name cannot begin with a dash" ;;
    *[[:space:][:cntrl:]~^:?*\\[]* | *..*) die 2 "$ref is not a branch, tag or commit" "the plain name, or the commit's number" ;;
  esac
  has git || die 1 "git is not installed on this machine" "install it"
  # What a git hook sets would make us look at the wrong repository.
  unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_PREFIX
  source_url
  url=$REPLY
  cache_directory
  name=${url%/}
  name=${name##*[/:]}
  SOURCE_MIRROR=$REPLY/${name%.git}-$(printf %s "$url" | sha256 | cut -c 1-12).git
  (umask 077 && mkdir -p "$REPLY") || die 2 "$REPLY cannot be made"
  exec 6<>"$SOURCE_MIRROR.lock"
  lock_file 6
  phase fetch
  source_fetch "$url"
  source_resolve "$ref"
  phase checkout
  mkdir -p "$SOURCE_MIRROR.trees"
  SOURCE_TREE=$SOURCE_MIRROR.trees/$SOURCE_SHORT-$$
  in_mirror worktree prune
  in_mirror worktree add --quiet --force --detach "$SOURCE_TREE" "$SOURCE_COMMIT" >&2 \
    || die 65 "the commit $SOURCE_SHORT cannot be checked out (see above)"
  exec 6>&-
  note "building $SOURCE_SHORT (${ref:-the default branch}) of $url"
}

# Never a prompt: a repository that wants a password fails at once.
in_mirror() { GIT_TERMINAL_PROMPT=0 git -C "$SOURCE_MIRROR" -c gc.auto=0 -c core.hooksPath=/dev/null -c advice.detachedHead=false "$@"; }

# source_fetch URL: the mirror has what the repository has now. A mirror that was cut off while it was made is none.
source_fetch() {
  if [ -d "$SOURCE_MIRROR" ]; then
    in_mirror fetch --quiet --prune origin '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*' >&2 && return 0
    die 69 "$1 cannot be fetched (see above)" "the mirror of it is $SOURCE_MIRROR"
  fi
  rm -rf -- "${SOURCE_MIRROR:?}.new"
  GIT_TERMINAL_PROMPT=0 git clone --quiet --mirror -- "$1" "$SOURCE_MIRROR.new" >&2 \
    || die 69 "$1 cannot be cloned (see above)" "is the address right, and may you read it?"
  mv "$SOURCE_MIRROR.new" "$SOURCE_MIRROR"
}

# source_resolve REF: a branch, a tag or a commit, in this order of the mirror's own names.
source_resolve() {
  local each found='' commit
  if [ -z "$1" ]; then
    found=$(in_mirror rev-parse --verify --quiet 'HEAD^{commit}') || die 65 "the repository has no default branch" "name one: --ref REF"
  else
    for each in "refs/heads/$1" "refs/tags/$1"; do
      commit=$(in_mirror rev-parse --verify --quiet "$each^{commit}") || continue
      [ -z "$found" ] || [ "$found" = "$commit" ] \
        || die 2 "$1 is a branch and a tag, of different commits" "name the commit: ${found:0:12} or ${commit:0:12}"
      found=$commit
    done
    if [ -z "$found" ] && [[ $1 =~ ^[0-9a-f]{4,64}$ ]]; then
      found=$(in_mirror rev-parse --verify --quiet "$1^{commit}") || found=''
      if [ -z "$found" ] && [ "${#1}" -ge 40 ] && in_mirror fetch --quiet origin "$1" 2>/dev/null; then
        found=$(in_mirror rev-parse --verify --quiet "$1^{commit}") || found=''
      fi
    fi
    [ -n "$found" ] || die 2 "$1 is no branch, tag or commit of the repository" "is it pushed? builds from source see only what is"
  fi
  SOURCE_COMMIT=$found SOURCE_SHORT=${found:0:7}
}

# source_version IMAGE: REPLY = the version before the commit in its tag: the stack's, that of the version file of a release as it is
# in the commit, or the newest tag before the commit that is a version.
source_version() {
  local name file
  VERSION=''
  load_tags "$1"
  REPLY=$VERSION
  [ -z "$REPLY" ] || return 0
  for name in $PUBLICATIONS; do
    file=$(
      VERSION_FILE=''
      # shellcheck source=/dev/null
      . "$FILE_ROOT/$PROGRAM/publications/$name.env" && printf %s "$VERSION_FILE"
    )
    if [ -n "$file" ]; then version_in_file "$SOURCE_TREE/$file"; fi
    [ -z "$REPLY" ] || break
  done
  [ -n "$REPLY" ] || REPLY=$(in_mirror describe --tags --abbrev=0 --match '[0-9]*' --match 'v[0-9]*' "$SOURCE_COMMIT" 2>/dev/null) || REPLY=0.0.0
  REPLY=${REPLY##*/}
  REPLY=${REPLY#v}
  REPLY=${REPLY//[!A-Za-z0-9_.-]/-}
}

# source_leave: when the program ends. The work tree was ours alone.
source_leave() {
  [ -n "$SOURCE_TREE" ] || return 0
  rm -rf -- "${SOURCE_TREE:?}"
  in_mirror worktree prune 2>/dev/null || :
  rmdir -- "$SOURCE_MIRROR.trees" 2>/dev/null || :
}

program_leave() { source_leave; }
