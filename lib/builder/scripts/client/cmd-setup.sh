# shellcheck shell=bash source-path=SCRIPTDIR
# setup: makes the host a builder. The work is in host/setup.sh; here is what happens around it: registration, a restart,
# waiting.
# shellcheck disable=SC2034 # other files of the program read what is set here

# shellcheck source=setup-settings.sh
. "$PROGRAM_DIR/setup-settings.sh"

help_setup() {
  cat <<TEXT
Usage: $PROGRAM setup [--force] [--yes] [--dry-run]
       $PROGRAM setup --rhsm-org ORG --rhsm-key-file FILE|-

Makes the host a builder: installs $ENGINE and the tools, on GPU machines the NVIDIA driver and container toolkit, puts the
data volume in place, switches the idle stop on. Looks first and changes only what is not so yet; a host that is set up
with this version and these settings is left alone.

  --force               goes through all steps, whatever the host's markers say
  --yes                 restarts the host when the GPU driver needs it, and goes on
  --rhsm-org ORG        registers a RHEL host with Red Hat before; the activation key is read
  --rhsm-key-file FILE  from FILE, or from standard input (-), and never appears in a list of processes
  --dry-run             says what would be done

Exit codes: 0 done or up to date, 2 usage or a host that cannot be set up, 65 a step failed, 69 unreachable,
77 the host must be restarted (--yes).
TEXT
}

cmd_setup() {
  local force='' org='' key=''
  while [ $# -gt 0 ]; do
    case $1 in
      --force) force=1 ;;
      --rhsm-org | --rhsm-key-file)
        need_value setup "$1" $#
        case $1 in --rhsm-org) org=$2 ;; *) key=$2 ;; esac
        shift
        ;;
      *) common_flag "$1" || bad_argument setup "$1" ;;
    esac
    shift
  done
  if [ -n "$org" ] || [ -n "$key" ]; then
    if [ -z "$org" ] || [ -z "$key" ]; then
      die 2 "setup: --rhsm-org and --rhsm-key-file go together" "see: $PROGRAM help setup"
    fi
    case $org in -*) die 2 "setup: --rhsm-org: got $org; allowed: the organisation's id" ;; esac
    [ "$key" = - ] || [ -r "$key" ] || die 2 "setup: cannot read $key"
    register_host "$org" "$key"
  fi
  setup_host "$force"
}

# register_host ORG FILE: the key goes from FILE to the program on the host through the connection's input.
register_host() {
  phase register
  would rhsm-register.sh "$1" "<$2" && return
  # Copies the host programs when they are not there: that must not use up standard input.
  host_program rhsm-register.sh --help </dev/null >/dev/null
  if [ "$2" = - ]; then
    host_program rhsm-register.sh "$1"
  else
    HOST_INPUT=$2 host_program rhsm-register.sh "$1"
  fi || die $? "the host was not registered with Red Hat"
}

# setup_host [FORCE]
setup_host() {
  local code=0
  local -a flags=()
  [ -z "${1:-}" ] || flags+=(--force)
  [ -z "$DRY_RUN" ] || flags+=(--dry-run)
  if [ "$HOST_KIND" = local ] && [ -n "$IDLE_STOP_SECONDS$MAX_AGE_SECONDS" ]; then
    warn "idleStop and maxAge do not apply to this machine: it is never switched off by this program"
  fi
  host_ssh_setup
  # Terraform calls as soon as the instance runs.
  [ -z "${GANTRY_INSTANCE_ID:-}" ] || [ "$HOST_KIND" != ec2 ] || wait_for_host
  setup_settings
  data_volume
  flags+=("${SETUP_SETTINGS[@]}" "DATA_VOLUME_ID=$DATA_VOLUME_ID")
  phase setup
  host_program setup.sh "${flags[@]}" </dev/null || code=$?
  if [ "$code" -eq 76 ]; then
    [ "$HOST_KIND" != local ] || die 77 "this machine must be restarted before the GPU works" "restart it, then: $PROGRAM setup"
    [ -n "$YES" ] || die 77 "the host must be restarted before the GPU works" "say it with --yes, or restart it yourself and run setup again"
    restart_host
    code=0
    phase setup
    host_program setup.sh "${flags[@]}" </dev/null || code=$?
  fi
  case $code in
    0) ;;
    2) die 2 "the host cannot be set up like this (see above)" ;;
    *) die 65 "the setup failed (see above)" "it can be run again at any time: $PROGRAM setup" ;;
  esac
  [ -n "$DRY_RUN" ] || forget_connection
}

# A group the setup gave (docker's) counts in new sessions only: the connection kept open is an old one.
forget_connection() {
  [ "$HOST_KIND" != local ] || return 0
  SSH_MASTER_TRIED=''
  ssh_drop_master || :
}

# restart_host: until it has another boot id.
restart_host() {
  local before now left=${GANTRY_WAIT_TRIES:-60}
  phase restart
  before=$(on_host cat /proc/sys/kernel/random/boot_id)
  note "restarting the host"
  host_program setup.sh --reboot </dev/null
  forget_connection
  while [ "$left" -gt 0 ]; do
    sleep "${GANTRY_WAIT_SECONDS:-5}"
    now=$(host_try cat /proc/sys/kernel/random/boot_id 2>/dev/null) || now=''
    if [ -n "$now" ] && [ "$now" != "$before" ]; then return; fi
    left=$((left - 1))
  done
  die 69 "the host has not come back from its restart" "see: $PROGRAM status; then: $PROGRAM setup --yes"
}

# wait_for_host: a machine answers some time after it runs.
wait_for_host() {
  local left=${GANTRY_WAIT_TRIES:-60} code
  phase wait
  host_ssh_setup
  note "waiting for the machine to answer"
  while :; do
    code=0
    host_try true 2>/dev/null || code=$?
    [ "$code" -ne 0 ] || return 0
    # Waiting helps neither against a key that is refused nor against another machine's answer.
    case ${SSH_REASON:-} in key) host_unreachable ;; esac
    left=$((left - 1))
    [ "$left" -gt 0 ] || host_unreachable
    sleep "${GANTRY_WAIT_SECONDS:-5}"
    # Its address may have come meanwhile; asking each time would only load the cloud.
    if [ $((left % 6)) -eq 0 ] && [ -z "${GANTRY_INSTANCE_ID:-}" ]; then HEAL_STEP=outputs; fi
  done
}
