# shellcheck shell=bash disable=SC2034
# What a service is made of, as two hashes. The dependency hash decides whether its image is built anew: dependency files,
# Containerfile, build arguments, target and the images it is FROM. An image tagged with it exists or not: nothing else is
# written down, so a build that failed or was interrupted can never count as done. The config hash decides whether a
# container is replaced: that, and all that it is run with.

HASH_FORMAT=gantry-dev-1

# name_of SERVICE: REPLY = it as a part of a variable's name.
name_of() { REPLY=${1//-/_}; }

# bases_of: BASES = the images that the loaded service's Containerfile takes in; CONTAINERFILE_TEXT.
bases_of() {
  local line word words stages=' ' from='' value name started='' args=()
  BASES=() CONTAINERFILE_TEXT=''
  IFS= read -r -d '' CONTAINERFILE_TEXT <"$PROJECT_ROOT/$CONTEXT/$CONTAINERFILE" || :
  list ARG
  args=(${LIST[@]+"${LIST[@]}"})
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      *[Ff][Rr][Oo][Mm]* | *[Aa][Rr][Gg]*) ;;
      *) continue ;;
    esac
    read -r -a words <<<"$line"
    from=''
    case ${words[0]:-} in
      [Aa][Rr][Gg])
        # Before the first FROM: what a FROM may use, unless the stack gives it.
        if [ -z "$started" ]; then
          value=${words[1]:-}
          case $value in *=*) args=("$value" ${args[@]+"${args[@]}"}) ;; esac
        fi
        continue
        ;;
      [Ff][Rr][Oo][Mm])
        started=1
        for word in "${words[@]:1}"; do
          case $word in --*) continue ;; esac
          from=$word
          break
        done
        ;;
      [Cc][Oo][Pp][Yy] | [Rr][Uu][Nn])
        for word in "${words[@]}"; do
          case $word in
            --from=*) from=${word#--from=} ;;
            --mount=*from=*) from=${word#*from=} && from=${from%%,*} ;;
            --*) ;;
            [Cc][Oo][Pp][Yy] | [Rr][Uu][Nn]) ;;
            *) break ;; # options come first
          esac
        done
        case $from in '' | *[!0-9]*) ;; *) continue ;; esac # a stage by its number
        ;;
      *) continue ;;
    esac
    for value in ${args[@]+"${args[@]}"}; do
      name=${value%%=*} value=${value#*=}
      value=${value#\"} && value=${value%\"}
      case $from in
        *"\${$name}"* | *"\${$name:-"* | *"\$$name"*) expand_argument "$name" "$value" ;;
      esac
    done
    # What nobody gave has its default.
    # shellcheck disable=SC2016 # the Containerfile's own dollar signs
    while :; do
      case $from in
        *'${'*':-'*'}'*)
          value=${from#*':-'}
          from=${from%%'${'*}${value%%'}'*}${value#*'}'}
          ;;
        *) break ;;
      esac
    done
    case $stages in *" $from "*) from='' ;; esac
    case ${words[*]} in
      [Ff][Rr][Oo][Mm]\ *\ [Aa][Ss]\ *) stages="$stages${words[${#words[@]} - 1]} " ;;
    esac
    case $from in
      '' | scratch) continue ;;
    esac
    case " ${BASES[*]-} " in *" $from "*) ;; *) BASES+=("$from") ;; esac
  done <<<"$CONTAINERFILE_TEXT"
}

# expand_argument NAME VALUE: puts it into $from. A later value of one name finds nothing left; that of the stack is last in
# the list and must win, so the values before it are taken only when no later one has the name.
expand_argument() {
  local each last=$2
  for each in ${args[@]+"${args[@]}"}; do
    if [ "${each%%=*}" = "$1" ]; then last=${each#*=}; fi
  done
  last=${last#\"} && last=${last%\"}
  case $from in
    *"\${$1:-"*) from=${from%%"\${$1:-"*}$last${from#*\}} ;;
  esac
  from=${from//"\${$1}"/$last}
  from=${from//"\$$1"/$last}
}

# base_id REFERENCE: REPLY = what the reference stands for here: itself when it has a digest, else the id of the image; empty
# when it is not here.
base_id() {
  case $1 in
    *@sha256:*) REPLY=$1 ;;
    *) REPLY=$(engine image inspect --format '{{.Id}}' "$1" 2>/dev/null) || REPLY='' ;;
  esac
}

# pull_base REFERENCE: for a base that is not here.
pull_base() {
  case $1 in
    localhost/*) die 2 "the image $1 is not here, and $SERVICE is built FROM it" "build it first" ;;
  esac
  if would "$ENGINE" pull "$1"; then return; fi
  note "pulling $1"
  engine pull -q "$1" >/dev/null || die 69 "$1 cannot be pulled" "is the network there? $SERVICE is built FROM it"
}

# look SERVICES…: DEPENDENCY_<service> and CONFIG_<service> of each, and CONTAINERS. The engine is asked while files are read.
look() {
  local each files=() sums=() sum i at=0 counts=() text bases
  phase look
  [ "${PROJECT_ROOT/:/}" = "$PROJECT_ROOT" ] || die 2 "the project directory $PROJECT_ROOT has a colon in its name" \
    "container engines cannot mount it; move it"
  containers_ask
  for each in "$@"; do
    load_service "$each"
    check_files
    files+=(${SERVICE_FILES[@]+"${SERVICE_FILES[@]}"})
    counts+=("${#SERVICE_FILES[@]}")
  done
  if [ "${#files[@]}" -gt 0 ]; then
    while read -r sum _; do sums+=("${sum#\\}"); done < <(sha256 "${files[@]}")
    [ "${#sums[@]}" -eq "${#files[@]}" ] || die 2 "a dependency file cannot be read" "see above"
  fi
  i=0
  for each in "$@"; do
    load_service "$each"
    text="$HASH_FORMAT|image $IMAGE_REF"
    if [ -n "$CONTEXT" ]; then
      bases_of
      bases=''
      for sum in ${BASES[@]+"${BASES[@]}"}; do
        base_id "$sum"
        if [ -z "$REPLY" ]; then
          pull_base "$sum"
          base_id "$sum"
        fi
        bases="$bases ${#sum} $sum $REPLY"
      done
      list ARG
      text="$text|context $CONTEXT|containerfile $CONTAINERFILE ${#CONTAINERFILE_TEXT} $CONTAINERFILE_TEXT|target $TARGET|bases$bases"
      for sum in ${LIST[@]+"${LIST[@]}"}; do text="$text|arg ${#sum} $sum"; done
      list DEPENDENCY
      for sum in ${LIST[@]+"${LIST[@]}"}; do text="$text|file ${#sum} $sum"; done
      for ((sum = 0; sum < counts[i]; sum++)); do text="$text ${sums[at + sum]}"; done
    fi
    printf '%s' "$text" >"$TEMP_DIR/$each.dependency"
    at=$((at + counts[i]))
    i=$((i + 1))
    config_text
    printf '%s|%s' "$text" "$REPLY" >"$TEMP_DIR/$each.config"
  done
  files=()
  for each in "$@"; do files+=("$TEMP_DIR/$each.dependency" "$TEMP_DIR/$each.config"); done
  sums=()
  while read -r sum _; do sums+=("${sum:0:16}"); done < <(sha256 ${files[@]+"${files[@]}"})
  at=0
  for each in "$@"; do
    name_of "$each"
    printf -v "DEPENDENCY_HASH_$REPLY" '%s' "${sums[at]}"
    printf -v "CONFIG_HASH_$REPLY" '%s' "${sums[at + 1]}"
    at=$((at + 2))
  done
  containers_read
}

# check_files: SERVICE_FILES = the files of the loaded service that go into its dependency hash; all that it needs is there.
check_files() {
  local each i name
  SERVICE_FILES=()
  [ -z "$ENV_FILE" ] || env_file_there "$ENV_FILE" "$SERVICE"
  list LIVE
  for each in ${LIST[@]+"${LIST[@]}"}; do
    each=${each%%:*}
    [ ! -f "$PROJECT_ROOT/$each" ] || die 2 "$SERVICE: $each is a file; a single file goes stale in the container when an editor saves it" \
      "mount its directory"
    [ -d "$PROJECT_ROOT/$each" ] || die 2 "$SERVICE: its code directory $each is not there" "it is seen from $PROJECT_ROOT"
  done
  [ -n "$CONTEXT" ] || return 0
  [ -d "$PROJECT_ROOT/$CONTEXT" ] || die 2 "$SERVICE: its context $CONTEXT is not there" "it is seen from $PROJECT_ROOT"
  [ -f "$PROJECT_ROOT/$CONTEXT/$CONTAINERFILE" ] || die 2 "$SERVICE: $CONTEXT/$CONTAINERFILE is not there" \
    "its name is build.file in the stack"
  list DEPENDENCY
  for each in ${LIST[@]+"${LIST[@]}"}; do
    [ -f "$PROJECT_ROOT/$each" ] || die 2 "$SERVICE: its dependency file $each is not there" "it is seen from $PROJECT_ROOT"
    SERVICE_FILES+=("$PROJECT_ROOT/$each")
  done
  for each in .dockerignore .containerignore; do
    if [ -f "$PROJECT_ROOT/$CONTEXT/$each" ]; then SERVICE_FILES+=("$PROJECT_ROOT/$CONTEXT/$each"); fi
  done
}

# config_text: REPLY = all that the loaded service's container is run with.
config_text() {
  local each kind text content=''
  text="network $NETWORK|root $PROJECT_ROOT|labels $LIVE_LABELS|stop $STOP_SECONDS|keep $KEEP_ID"
  for kind in PORT LIVE VOLUME DEPENDENCY_VOLUME ENV ENTRYPOINT COMMAND DEVICE; do
    list "$kind"
    text="$text|$kind"
    for each in ${LIST[@]+"${LIST[@]}"}; do text="$text ${#each} $each"; done
  done
  if [ -n "$ENV_FILE" ]; then
    IFS= read -r -d '' content <"$PROJECT_ROOT/$ENV_FILE" || :
    text="$text|file ${#content} $content"
  fi
  REPLY=$text
}

# hashes_of SERVICE: loads the service; DEPENDENCY_HASH, CONFIG_HASH, IMAGE = what its container runs.
hashes_of() {
  local name
  load_service "$1"
  name_of "$1"
  name=DEPENDENCY_HASH_$REPLY && DEPENDENCY_HASH=${!name}
  name=CONFIG_HASH_$REPLY && CONFIG_HASH=${!name}
  IMAGE=${IMAGE_REF:-$IMAGE_NAME:dep-$DEPENDENCY_HASH}
}
