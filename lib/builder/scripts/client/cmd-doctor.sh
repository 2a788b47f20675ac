# shellcheck shell=bash source-path=SCRIPTDIR
# doctor: looks everything over, from the tools here to the GPU there, and says for each fault what mends it. Changes nothing.

# shellcheck source=setup-settings.sh
. "$PROGRAM_DIR/setup-settings.sh"
# shellcheck source=../../../core/scripts/findings.sh
. "$COMMON_DIR/findings.sh"

help_doctor() {
  cat <<TEXT
Usage: $PROGRAM doctor [--json]

Checks the tools on this machine, the generated files, the stack's outputs, the connection, and on the host the setup,
engine, storage, disk, snapshots, GPU, clock and idle stop. Each finding comes with what mends it.

  --json   one array of {"level","check","what","remedy"}; level is ok, warning or error

Exit codes: 0 nothing wrong, 1 warnings or errors, 2 usage.
TEXT
}

cmd_doctor() {
  while [ $# -gt 0 ]; do
    common_flag "$1" || bad_argument doctor "$1"
    shift
  done
  # A look leaves nothing on the host, not even the host programs.
  # shellcheck disable=SC2034 # host.sh reads it
  DRY_RUN=1
  phase local
  check_local_tools
  check_generated_files
  phase host
  if check_reachability; then
    [ "$HOST_KIND" != ec2 ] || check_outputs
    check_host
  elif [ "$HOST_KIND" = ec2 ]; then
    check_outputs
  fi
  # shellcheck disable=SC2034
  DRY_RUN=''
  findings_end
}

# --- here ---------------------------------------------------------------------------------------------------------------

check_local_tools() {
  local tool needed='git perl tar' missing='' found="bash $BASH_VERSION"
  [ "$HOST_KIND" = local ] || needed="$needed ssh"
  # Without ssh too: snapshots are made with it.
  needed="$needed rsync"
  [ "$ACCESS-$HOST_KIND" != ssm-ec2 ] || needed="$needed aws session-manager-plugin"
  for tool in $needed; do
    if has "$tool"; then
      tool_version "$tool"
      found="$found, $tool${REPLY:+ $REPLY}"
    else
      missing="$missing $tool"
    fi
  done
  if [ -n "$missing" ]; then
    finding error tools "missing on this machine:$missing" "install them with your package manager"
  else
    finding ok tools "$found"
  fi
  [ "$HOST_KIND" = ec2 ] || return 0
  if ! has tofu && ! has terraform && ! has "${TERRAFORM_BINARY_NAME:-tofu}"; then
    finding error terraform "neither tofu nor terraform is on PATH" "install OpenTofu, or set TERRAFORM_BINARY_NAME"
  else
    for tool in "${TERRAFORM_BINARY_NAME:-}" tofu terraform; do
      if [ -n "$tool" ] && has "$tool"; then break; fi
    done
    tool_version "$tool"
    finding ok terraform "$tool${REPLY:+ $REPLY}"
  fi
  if ! has aws; then
    finding warning aws "the AWS CLI is not on PATH: start and stop do not work" \
      "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
  fi
}

# tool_version TOOL: REPLY = the first thing in its own words that looks like a version
tool_version() {
  local text word
  REPLY=''
  case $1 in
    ssh) text=$(ssh -V 2>&1) || text='' ;;
    perl)
      # shellcheck disable=SC2016 # perl's
      text=$(perl -e 'printf "%vd", $^V' 2>/dev/null) || text=''
      ;;
    terraform | tofu) text=$(CHECKPOINT_DISABLE=1 "$1" version 2>/dev/null) || text='' ;;
    *) text=$("$1" --version 2>/dev/null) || text='' ;;
  esac
  for word in ${text%%$'\n'*}; do
    case $word in
      [0-9]*.[0-9]* | v[0-9]*.[0-9]* | OpenSSH_[0-9]*)
        word=${word#v}
        word=${word#OpenSSH_}
        REPLY=${word%%[!0-9A-Za-z.]*}
        return
        ;;
    esac
  done
}

# The manifest is printed one value a line, by us: no JSON reader is needed.
check_generated_files() {
  local manifest=$FILE_ROOT/gantry.json line path='' hash changed='' count=0
  if [ ! -r "$manifest" ]; then
    finding warning files "no gantry.json beside the program: cannot tell whether its files are as generated" "synthesize the stack again"
    return
  fi
  while IFS= read -r line; do
    case $line in
      '    "'*'": {')
        path=${line#*\"}
        path=${path%\"*}
        ;;
      '      "sha256": "'*)
        hash=${line%\"*}
        count=$((count + 1))
        [ "$(file_hash "$FILE_ROOT/$path")" = "${hash##*\"}" ] || changed="$changed $path"
        ;;
      '  "pending": {') break ;;
    esac
  done <"$manifest"
  if [ "$count" -eq 0 ]; then
    finding error files "gantry.json lists no files" "synthesize the stack again"
  elif [ -n "$changed" ]; then
    finding warning files "edited by hand or missing since the synthesis:$changed" "synthesize the stack again; keep an edit by moving it into the stack"
  else
    finding ok files "$count generated files, all as synthesized"
  fi
}

file_hash() {
  local line
  [ -r "$1" ] || return 0
  line=$(sha256 <"$1")
  printf %s "${line%% *}"
}

# --- there --------------------------------------------------------------------------------------------------------------

# Unlike other commands, this one goes on without a host.
check_reachability() {
  local code=0 name
  if [ "$HOST_KIND" = ec2 ] && ! has tofu && ! has terraform && [ ! -r "$STATE_DIR/$PROJECT.$PROGRAM.address" ]; then
    return 1 # said already
  fi
  host_ssh_setup
  host_try true </dev/null || code=$?
  kind_name && name=$REPLY
  if [ "$code" -eq 255 ]; then
    kind_remedy
    finding error connection "$name cannot be reached: ${HOST_FAULT:-no answer}" "$REPLY"
    return 1
  elif [ "$code" -ne 0 ]; then
    finding error connection "$name answers, but its shell does not work (exit $code)" "look at what ~/.bashrc and ~/.profile do there"
    return 1
  fi
  finding ok connection "$name"
}

# The address in use against the outputs: a host that was found through the cloud leaves old outputs behind.
check_outputs() {
  local id address
  has tofu || has terraform || return 0
  [ "$ACCESS" != ssm ] || return 0
  terraform_program
  id=$(terraform_output instance_id) || id=''
  address=$(terraform_output public_ip) || address=''
  [ -n "$address" ] || address=$(terraform_output private_ip) || address=''
  if [ -z "$id" ]; then
    finding error outputs "the stack has no outputs for $PROGRAM" "deploy the stack: $PROGRAM up"
  elif [ -n "$INSTANCE_ID" ] && [ "$id" != "$INSTANCE_ID" ]; then
    finding warning outputs "the outputs name $id, but $INSTANCE_ID is in use" "forget the old one: rm $STATE_DIR/$PROJECT.$PROGRAM.address"
  elif [ -n "$HOST_ADDRESS" ] && [ "$address" != "$HOST_ADDRESS" ]; then
    stack_path
    quote cd "$REPLY"
    finding warning outputs "the outputs say ${address:-no address}, the machine is at $HOST_ADDRESS" \
      "$REPLY && $TERRAFORM apply -refresh-only"
  else
    finding ok outputs "$id at ${address:-no address}"
  fi
}

check_host() {
  local level check what remedy lines before
  setup_settings
  before=$(date +%s)
  lines=$(host_program doctor.sh "${SETUP_SETTINGS[@]}" "MIN_FREE_GIB=$MIN_FREE_GIB" \
    "KEEP_SNAPSHOTS=$KEEP_SNAPSHOTS" "IMAGES=$IMAGES" </dev/null) || {
    finding error host "the check on the host failed" "$PROGRAM shell, and look around"
    return
  }
  while IFS=$'\t' read -r level check what remedy; do
    case $level in
      clock) check_clock "$check" "$before" ;;
      # The host does not know what this program is called.
      ok | warning | error) finding "$level" "$check" "$what" "${remedy//@ /$PROGRAM }" ;;
    esac
  done <<<"$lines"
}

# check_clock THERE BEFORE: TLS, signed requests and package lists fail when the clock is off. It was read at some moment
# since BEFORE.
check_clock() {
  local there=$1 before=$2 now off=0
  now=$(date +%s)
  if [ "$there" -lt "$before" ]; then off=$((there - before)); elif [ "$there" -gt "$now" ]; then off=$((there - now)); fi
  if [ "${off#-}" -gt 30 ]; then
    finding warning clock "the host's clock is $off s off this machine's" "on the host: timedatectl; sudo systemctl restart chronyd (or systemd-timesyncd)"
  else
    finding ok clock "within ${off#-} s of this machine's"
  fi
}
