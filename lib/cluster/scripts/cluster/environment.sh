# shellcheck shell=bash
# Rendering an environment with Tanka.

# environment_argument COMMAND WORDS…: takes the words of a command that knows common flags and one environment; ENVIRONMENT.
environment_argument() {
  local command=$1
  shift
  ENVIRONMENT=''
  while [ $# -gt 0 ]; do
    case $1 in
      -*) common_flag "$1" || bad_argument "$command" "$1" ;;
      *)
        [ -z "$ENVIRONMENT" ] || bad_argument "$command" "$1"
        ENVIRONMENT=${1#environments/}
        ;;
    esac
    shift
  done
  [ -n "$ENVIRONMENT" ] || ENVIRONMENT=${TANKA_ENV:-${ENVIRONMENTS%% *}}
  ENVIRONMENT=${ENVIRONMENT#environments/}
  case " $ENVIRONMENTS " in
    *" $ENVIRONMENT "*) ;;
    *) die 2 "unknown environment: $ENVIRONMENT" "$PROGRAM has: $ENVIRONMENTS" ;;
  esac
}

# need_tanka: the two programs that rendering takes.
need_tanka() {
  export GOGC=${GOGC:-400} # a render lives for a second: collecting garbage less often takes a sixth off it
  has tk || die 1 "tk (Tanka) is not installed" "https://tanka.dev/install"
  has helm || die 1 "helm is not installed" "https://helm.sh/docs/intro/install"
}
