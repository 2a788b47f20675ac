# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# build: the main job.

# shellcheck source=build.sh
. "$PROGRAM_DIR/build.sh"

help_build() {
  cat <<TEXT
Usage: $PROGRAM build [OPTIONS] [IMAGE…]

Brings images up to date on the builder: copies what changed, builds it there, and moves the tag when that succeeded.
An image whose content is built already is left alone. No IMAGE means all. Images that others are FROM go first.
The build runs on the builder by itself: Ctrl-C or a lost network only end the watching.

  --force             build although this content is built already (the engine's cache is used)
  --no-cache          build every step anew
  --pull              ask the registries for newer base images
  --target STAGE      stop at this stage
  --platform PLATFORM another platform than the stack's, such as linux/arm64; also for the images these are FROM
  --build-arg K=V     a build argument; may be given several times
  --secret id=ID,src=FILE
                      a file for RUN --mount=type=secret,id=ID; its content goes to memory on the builder and is removed
                      with the build; may be given several times
  --cache-from REPO   look for layers in this repository of a registry, such as ghcr.io/me/project-cache, too
  --cache-to REPO     put the layers that are built into it
  --cache-user USER   log in there as USER, with the token in the environment as GANTRY_CACHE_TOKEN; it goes where secrets
                      go. The builder's own logins stay
  --tag TAG           another tag than the stack's
  --detach            do not wait; '$PROGRAM attach IMAGE' comes back
  --no-wait           when the image is being built with other content, do not wait for that: exit 75
  --dry-run           say what would be done
  --json              one line of JSON for each image on standard output, the log on standard error
  --quiet             one line for each image, and the end of the log of a build that fails

Before a build the builder must have the free space that the stack asks for (minFreeGib); else the exit code is 1 and
it is said what would free how much.
TEXT
}

cmd_build() {
  local images=() id source
  while [ $# -gt 0 ]; do
    case $1 in
      --force) BUILD_AGAIN=1 ;;
      --no-cache) BUILD_AGAIN=1 BUILD_NO_CACHE=1 ;;
      --pull) BUILD_AGAIN=1 BUILD_PULL=1 ;;
      --detach | -d) BUILD_DETACH=1 ;;
      --no-wait) BUILD_NO_WAIT=1 ;;
      --target | --platform | --build-arg | --secret | --tag | --cache-from | --cache-to | --cache-user)
        need_value build "$1" $#
        case $1 in
          --target) OPTION_TARGET=$2 ;;
          --cache-from | --cache-to)
            [[ $2 =~ ^[A-Za-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$ ]] || die 2 "build: $1 wants a repository without a tag, not $2"
            if [ "$1" = --cache-from ]; then OPTION_CACHE_FROM=$2; else OPTION_CACHE_TO=$2; fi
            ;;
          --cache-user) OPTION_CACHE_USER=$2 ;;
          --platform)
            [[ $2 =~ ^linux/[a-z0-9]+(/v[0-9]+)?$ ]] || die 2 "build: $2 is not a platform" "such as linux/amd64, linux/arm64"
            PLATFORM_OVERRIDE=$2
            ;;
          --tag)
            [[ $2 =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ && $2 != ctx-* ]] || die 2 "build: $2 is not a tag" "letters, digits, _ . - and not ctx-…"
            OPTION_TAG=$2
            ;;
          --build-arg)
            [[ $2 =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] || die 2 "build: --build-arg wants NAME=VALUE, not $2"
            OPTION_ARGS+=("$2")
            ;;
          --secret)
            [[ $2 =~ ^id=([A-Za-z0-9_.-]+),(src|source)=(.+)$ ]] || die 2 "build: --secret wants id=ID,src=FILE"
            id=${BASH_REMATCH[1]} source=${BASH_REMATCH[3]}
            absolute "$source" "$PWD"
            OPTION_SECRETS+=("$id=$REPLY")
            ;;
        esac
        shift
        ;;
      --*=*)
        local flag=${1%%=*} value=${1#*=}
        shift
        set -- x "$flag" "$value" "$@"
        ;;
      -*) common_flag "$1" || bad_argument build "$1" ;;
      *) images+=("$1") ;;
    esac
    shift
  done
  if [ -n "$OPTION_CACHE_USER" ]; then
    [ -n "${GANTRY_CACHE_TOKEN:-}" ] || die 2 "build: --cache-user wants the token in the environment, as GANTRY_CACHE_TOKEN"
    [ -n "$OPTION_CACHE_FROM$OPTION_CACHE_TO" ] || die 2 "build: --cache-user is for --cache-from or --cache-to"
  fi
  plan_images ${images[@]+"${images[@]}"}
  build_planned
}
