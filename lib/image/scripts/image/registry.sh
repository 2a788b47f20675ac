# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2153
# Publications, and what is done with their registry. The work is done where the images are, by registry-host.sh and its parts
# on the builder's host; the token goes there on standard input and is never an argument.

# The settings become plain shell variables; shellcheck cannot see where they come from.
TOKEN='' TOKEN_FILE='' TOKEN_FROM=''
# What is taken from a registry gets its moving name too; '': only that of its content.
RESTORE_MOVING=1

# load_publication NAME: its settings; and the names of the image's builds.
load_publication() {
  local file=$FILE_ROOT/$PROGRAM/publications/$1.env each
  case $1 in '' | */* | .*) file='' ;; esac
  if [ -z "$file" ] || ! [ -r "$file" ]; then
    die 2 "unknown publication: $1" "$PROGRAM publishes: ${PUBLICATIONS:-nothing yet (a GhcrPublication in the stack adds one)}"
  fi
  PUBLICATION=$1
  IMAGE='' REGISTRY=ghcr.io NAME='' CONTENT_PREFIX=ctx- VERSION_TAG='' VERSION='' MOVING_TAGS='' PLATFORMS='' SOURCE_LABEL=''
  TITLE='' DESCRIPTION='' LICENSES='' TOKEN_ENV=GITHUB_TOKEN USER_NAME='' CACHE_NAME_REF='' SIGN='' KEEP_VERSIONS=5 CACHE_DAYS=30 INSECURE=''
  SIGNER='' ISSUER='' RUN_COUNT=0 VERSION_FILE='' CHANGELOG=CHANGELOG.md
  # shellcheck source=/dev/null
  . "$file"
  USER_NAME=${USER_NAME:-${GITHUB_ACTOR:-${NAME%%/*}}}
}

# publications_of IMAGE…: CHOSEN = the publications of these images, all without a name. A publication's own name will do too.
publications_of() {
  local each name found
  CHOSEN=()
  if [ $# -eq 0 ]; then
    for name in $PUBLICATIONS; do CHOSEN+=("$name"); done
    [ "${#CHOSEN[@]}" -gt 0 ] || die 2 "nothing is published" "a GhcrPublication in the stack adds something"
    return
  fi
  for each in "$@"; do
    found=''
    for name in $PUBLICATIONS; do
      load_publication "$name"
      if [ "$name" = "$each" ] || [ "$IMAGE" = "$each" ]; then
        CHOSEN+=("$name")
        found=1
      fi
    done
    [ -n "$found" ] || die 2 "$each is not published" "$PROGRAM publishes: ${PUBLICATIONS:-nothing yet (a GhcrPublication in the stack adds one)}"
  done
}

# publication_of IMAGE: loads the first publication of an image; fails when there is none.
publication_of() {
  local name
  for name in $PUBLICATIONS; do
    load_publication "$name"
    if [ "$IMAGE" = "$1" ]; then return 0; fi
  done
  return 1
}

# registry_flag COMMAND ARGS…: whether the first word was one that all commands of the registry take; SHIFT = words taken.
registry_flag() {
  local command=$1
  shift
  case $1 in
    --token-file)
      need_value "$command" "$1" $#
      absolute "$2" "$PWD"
      TOKEN_FILE=$REPLY SHIFT=2
      ;;
    --token-file=*)
      absolute "${1#*=}" "$PWD"
      TOKEN_FILE=$REPLY SHIFT=1
      ;;
    *) return 1 ;;
  esac
}

# find_token needed|optional: TOKEN of the loaded publication, from --token-file or the environment. Where it is needed it does not
# stay in the environment: no program that we start has it among its variables.
find_token() {
  local name=$TOKEN_ENV
  if [ -n "$TOKEN_FILE" ]; then
    [ -r "$TOKEN_FILE" ] || die 2 "the token file $TOKEN_FILE cannot be read"
    TOKEN=''
    IFS= read -r TOKEN <"$TOKEN_FILE" || :
    TOKEN=${TOKEN%$'\r'}
  elif [ -n "${!name:-}" ]; then
    TOKEN=${!name}
    if [ "$1" = needed ]; then unset "$name"; fi
    TOKEN_FROM=$name
  elif [ "${TOKEN_FROM:-}" != "$name" ]; then
    TOKEN=''
  fi
  case $TOKEN in *$'\n'*) die 2 "the token for $REGISTRY has several lines" ;; esac
  if [ -n "$TOKEN" ] || [ "$1" = optional ]; then return 0; fi
  die 2 "there is no token for $REGISTRY" "put it into the environment as $TOKEN_ENV, or name a file: --token-file FILE"
}

# registry OPERATION WORD…: runs registry-host.sh with the operation's part for the loaded publication. ANSWER = what it printed; returns its code.
registry() {
  local operation=$1 part program rest code=0
  shift
  temp_dir
  case $operation in
    look | context) part=look ;;
    publish | assemble | move) part=push ;;
    restore | verify) part=pull ;;
    inventory | remove) part=gc ;;
  esac
  IFS= read -r -d '' program <"$PROGRAM_DIR/registry-host.sh" || :
  IFS= read -r -d '' rest <"$PROGRAM_DIR/registry-$part.sh" || :
  printf '%s\n' "$TOKEN" | on_builder bash -c "$program"$'\n'"$rest" registry-host "$operation" "registry=$REGISTRY" "name=$NAME" \
    "user=$USER_NAME" "insecure=$INSECURE" "engine=$ENGINE" "$@" >"${REGISTRY_ANSWER:-$TEMP_DIR/registry}" || code=$?
  IFS= read -r -d '' ANSWER <"${REGISTRY_ANSWER:-$TEMP_DIR/registry}" || :
  return "$code"
}

# answered WORD: REPLY = the rest of the first line of the answer that begins with it.
answered() {
  local word rest
  REPLY=''
  while read -r word rest; do
    if [ "$word" = "$1" ]; then
      REPLY=$rest
      return 0
    fi
  done <<<"$ANSWER"
  return 1
}

# tag_answer TAG: REPLY = its digest, nothing without one.
tag_answer() {
  local word tag digest rest
  REPLY=''
  while read -r word tag digest rest; do
    case $word in tag | pushed | moved | kept) if [ "$tag" = "$1" ]; then REPLY=${digest#-}; fi ;; esac
  done <<<"$ANSWER"
}

# registry_failed CODE: says why, and ends with what the exit codes have for it. The answer says what was done before.
registry_failed() {
  local code=$1 what said done='' word tag rest
  if answered conflict; then conflict_refused "$REPLY"; fi
  if answered missing; then
    tag=${REPLY%% *}
    die 65 "$REGISTRY/$NAME has no $tag" "${MISSING_REMEDY:-publish it: $PROGRAM publish $IMAGE}"
  fi
  while read -r word tag rest; do
    case $word in pushed | moved | deleted) done="${done:+$done, }$word $tag" ;; esac
  done <<<"$ANSWER"
  if ! answered trouble; then
    [ "$code" -ne 69 ] || exit 69 # the builder's program has said why
    die 65 "$REGISTRY/$NAME: the builder's host gave up (exit $code)"
  fi
  code=${REPLY%% *} what=${REPLY#* }
  answered said && said=$REPLY
  said=${said:-nothing}
  done="${done:-nothing} before that, and no other tag changed"
  case $code in
    69)
      die 69 "$REGISTRY cannot be reached, at $what: $said" "$done
run the same again when it answers"
      ;;
    1)
      case $what in
        skopeo*) die 1 "$what" "it reads and writes registries without pulling: install the package skopeo there" ;;
      esac
      die 1 "$REGISTRY refuses $USER_NAME, at $what: $said" "the token (${TOKEN_ENV}, or --token-file) must be valid and may write packages: scopes write:packages and read:packages
a package that was first pushed by hand must give the repository write access in its settings"
      ;;
    *) die 65 "$REGISTRY/$NAME: $what: $said" "$done" ;;
  esac
}

# conflict_refused "TAG DIGEST CONTEXT": a version names one content for good.
conflict_refused() {
  local tag digest context
  read -r tag digest context <<<"$1"
  case $context in '' | -) context=unknown ;; *) context=$CONTENT_PREFIX$context ;; esac
  die 65 "$tag is published already, with other content" "there  $digest (content $context)
here   ${OUR_DIGEST:-not built yet} (content $CONTENT_PREFIX$HASH)
a version is never moved: raise the version of $IMAGE in the stack and synthesize"
}

# content_hash IMAGE: HASH = the content hash of its sources here, as the builder's program makes it.
content_hash() {
  local answer code=0 pattern='"hash":"([0-9a-f]{16})"'
  answer=$(builder status --here --json "$1") || code=$?
  HASH=''
  if [[ $answer =~ $pattern ]]; then HASH=${BASH_REMATCH[1]}; fi
  [ "$code" -eq 0 ] && [ -n "$HASH" ] || exit "$((code == 0 ? 65 : code))" # the builder has said why
}

# restore_published IMAGE HASH: brings the published build of this content to the builder, named as the builder names its
# own. Fails, and says nothing but a note, when there is none: build it then.
restore_published() {
  local image=$1 hash=$2 word tag code=0 words=()
  publication_of "$image" || return 1
  find_token optional
  words=("local=localhost/$image:ctx-$hash")
  load_tags "$image"
  [ -z "$RESTORE_MOVING" ] || words+=("local=localhost/$image:$MOVING_TAG")
  publication_of "$image"
  MISSING_REMEDY=''
  registry restore "content=$CONTENT_PREFIX$hash" "hash=$hash" "${words[@]}" || code=$?
  if [ "$code" -eq 0 ]; then
    answered digest
    note "$image: taken from $REGISTRY/$NAME@$REPLY instead of building it"
    return 0
  fi
  answered missing && return 1
  if answered trouble; then
    word=${REPLY#* }
    answered said
    note "$image: not taken from $REGISTRY/$NAME, at $word: $REPLY"
  fi
  return 1
}

# reference_of IMAGE|TAG|DIGEST|FULL-NAME: loads the publication that is meant; REFERENCE = a tag or digest of its repository.
reference_of() {
  local name
  case $1 in
    */*@sha256:* | */*:*)
      for name in $PUBLICATIONS; do
        load_publication "$name"
        case $1 in
          "$REGISTRY/$NAME@"* | "$REGISTRY/$NAME:"*)
            REFERENCE=${1#"$REGISTRY/$NAME"}
            REFERENCE=${REFERENCE#[:@]}
            return
            ;;
        esac
      done
      die 2 "$1 is in no repository of this stack" "$PROGRAM knows: ${PUBLICATIONS:-no publication}"
      ;;
  esac
  publications_of "$1"
  load_publication "${CHOSEN[0]}"
  REFERENCE=$VERSION_TAG
  if [ -z "$REFERENCE" ]; then REFERENCE=${MOVING_TAGS%% *}; fi
  [ -n "$REFERENCE" ] || die 2 "$1 has neither a version nor a moving tag" "name one: $PROGRAM verify $REGISTRY/$NAME:TAG"
}

# host_platform: PLATFORM_HERE = the platform of the builder's host.
host_platform() {
  local machine
  machine=$(on_builder uname -m) || die 69 "the builder's host does not say what it is"
  case $machine in
    x86_64 | amd64) PLATFORM_HERE=linux/amd64 ;;
    aarch64 | arm64) PLATFORM_HERE=linux/arm64 ;;
    armv7*) PLATFORM_HERE=linux/arm/v7 ;;
    *) PLATFORM_HERE=linux/$machine ;;
  esac
}

# arch_tag CONTENT PLATFORM: REPLY = the tag of one platform's image of a content.
arch_tag() {
  REPLY=${2#linux/}
  REPLY=$1-${REPLY//\//-}
}
