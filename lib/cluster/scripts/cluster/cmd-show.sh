# shellcheck shell=bash source-path=SCRIPTDIR
# show: the objects of an environment, as YAML.

# shellcheck source=environment.sh
. "$PROGRAM_DIR/environment.sh"
# shellcheck source=vendor.sh
. "$PROGRAM_DIR/vendor.sh"

help_show() {
  cat <<TEXT
Usage: $PROGRAM show [ENVIRONMENT]

Prints the objects of an environment (the first one: ${ENVIRONMENTS%% *}) as YAML. Asks no cluster.
TEXT
}

cmd_show() {
  environment_argument show "$@"
  need_tanka
  charts_verify
  cd -- "$TANKA" || die 2 "$TANKA is not there" "synthesize the stack again"
  tk show "environments/$ENVIRONMENT" --dangerous-allow-redirect || die 65 "environments/$ENVIRONMENT does not render"
}
