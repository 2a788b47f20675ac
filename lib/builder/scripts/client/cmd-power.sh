# shellcheck shell=bash source-path=SCRIPTDIR
# up, start, stop, down: the machine itself. Deploying is Terraform's work; starting and stopping are calls to EC2, because
# a stopped machine is no change of the stack.
# shellcheck disable=SC2034 # other files of the program read what is set here

# shellcheck source=cmd-setup.sh
. "$PROGRAM_DIR/cmd-setup.sh"

help_up() {
  cat <<TEXT
Usage: $PROGRAM up [--yes] [--dry-run]

Deploys the stack (tofu or terraform asks before it changes anything; --yes answers), waits until the machine answers, and
sets it up. On a host that is there already: only the setup.

Exit codes: 0 done, 2 usage, 65 the deployment or the setup failed, 69 no answer, 77 the host must be restarted (--yes).
TEXT
}

help_start() {
  cat <<TEXT
Usage: $PROGRAM start [--dry-run]

Starts the EC2 instance and waits until it answers. Its public address is another one then, unless it has an elastic IP.
TEXT
}

help_stop() {
  cat <<TEXT
Usage: $PROGRAM stop [--yes] [--dry-run]

Stops the EC2 instance; its disks stay. While something is built there, only with --yes.

Exit codes: 0 done, 2 usage, 69 EC2 refuses, 77 a build is running (--yes).
TEXT
}

help_down() {
  cat <<TEXT
Usage: $PROGRAM down --yes [--dry-run]

Destroys all that the stack has made in the cloud, disks, data volume and elastic IP included.

Exit codes: 0 done, 2 usage, 65 failed, 77 without --yes.
TEXT
}

power_flags() {
  local command=$1
  shift
  while [ $# -gt 0 ]; do
    common_flag "$1" || bad_argument "$command" "$1"
    shift
  done
}

# only_ec2 COMMAND
only_ec2() {
  [ "$HOST_KIND" = ec2 ] || die 2 "$1 does not apply: $PROGRAM is ${2:-a machine this program neither starts nor stops}"
}

cmd_up() {
  power_flags up "$@"
  if [ "$HOST_KIND" = ec2 ]; then
    terraform_program_here
    phase deploy
    if [ -n "$DRY_RUN" ]; then
      stack_path
      announce "would run in $REPLY: $TERRAFORM init, $TERRAFORM apply${YES:+ -auto-approve}"
      announce "would wait until the machine answers, and set it up"
      return
    fi
    # On a terminal the tool asks by itself; elsewhere it would take the end of its input for a no.
    [ -n "$YES" ] || [ -t 0 ] || die 77 "up changes the cloud" "say it with --yes"
    terraform_here init -input=false >&2 || die 65 "$TERRAFORM init failed"
    terraform_here apply ${YES:+-auto-approve} >&2 || die 65 "$TERRAFORM apply failed, or you said no"
    forget_address
    wait_for_host
  fi
  setup_host
}

cmd_start() {
  power_flags start "$@"
  only_ec2 start
  instance
  # shellcheck disable=SC2086
  would aws ec2 start-instances --instance-ids "$INSTANCE_ID" ${REGION:+--region "$REGION"} && return
  phase start
  note "starting $INSTANCE_ID"
  ec2 start-instances || die 69 "EC2 does not start $INSTANCE_ID (see above)"
  ec2 wait instance-running || die 69 "$INSTANCE_ID does not come up" "see: aws ec2 describe-instance-status --instance-ids $INSTANCE_ID"
  forget_address
  wait_for_host
  host_name
  announce "$REPLY is up"
}

cmd_stop() {
  power_flags stop "$@"
  only_ec2 stop
  instance
  if [ -z "$YES" ]; then refuse_while_building; fi
  would aws ec2 stop-instances --instance-ids "$INSTANCE_ID" ${REGION:+--region "$REGION"} && return
  phase stop
  note "stopping $INSTANCE_ID"
  ec2 stop-instances || die 69 "EC2 does not stop $INSTANCE_ID (see above)"
  ec2 wait instance-stopped || die 69 "$INSTANCE_ID does not stop" "see: aws ec2 describe-instances --instance-ids $INSTANCE_ID"
  announce "$INSTANCE_ID is stopped; its disks are kept, and cost"
}

cmd_down() {
  power_flags down "$@"
  only_ec2 down
  terraform_program_here
  stack_path
  note "this destroys everything of the stack in $REPLY, with all builders, data volumes and elastic IPs in it:"
  in_stack state list -no-color 2>/dev/null | sed 's/^/  /' >&2 || :
  would "$TERRAFORM" destroy && return
  [ -n "$YES" ] || die 77 "down destroys the machine, its disks and its data volume" "say it with --yes"
  phase destroy
  # As in up: in another checkout, or with the other tool, it has not happened yet.
  terraform_here init -input=false >&2 || die 65 "$TERRAFORM init failed"
  terraform_here destroy -auto-approve >&2 || die 65 "$TERRAFORM destroy failed (see above)" \
    "a data volume with protect: true has to be let go in the stack first"
  rm -f -- "$STATE_DIR/$PROJECT.$PROGRAM.address"
  announce "everything of the stack is gone"
}

# --- terraform ----------------------------------------------------------------------------------------------------------

terraform_program_here() {
  [ -n "$(type -t terraform_program)" ] || {
    # shellcheck source=../../../core/scripts/terraform.sh
    . "$COMMON_DIR/terraform.sh"
  }
  [ -d "$FILE_ROOT/$STACK_DIR" ] || die 2 "the stack's directory $FILE_ROOT/$STACK_DIR is not there" "synthesize the stack again"
  terraform_program
}

# terraform_here ARGS…: like in_stack, with the user's own terminal.
terraform_here() { (cd -- "$FILE_ROOT/$STACK_DIR" && CHECKPOINT_DISABLE=1 "$TERRAFORM" "$@"); }

# --- EC2 ----------------------------------------------------------------------------------------------------------------

# instance: INSTANCE_ID
instance() {
  has aws || die 2 "the AWS CLI (aws) is not on PATH" "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
  host_ssh_setup
  [ -n "$INSTANCE_ID" ] || die 2 "the stack has no instance for $PROGRAM" "deploy it first: $PROGRAM up"
}

# ec2 [wait] OPERATION
ec2() {
  AWS_PAGER='' aws ec2 "$@" --instance-ids "$INSTANCE_ID" ${REGION:+--region "$REGION"} --output json </dev/null >/dev/null
}

# forget_address: what was remembered is from before. The next contact asks Terraform, then the cloud.
forget_address() {
  rm -f -- "$STATE_DIR/$PROJECT.$PROGRAM.address"
  [ -n "$HOST_PREPARED" ] || return 0
  terraform_program
  SSH_MASTER_TRIED=''
  ssh_drop_master || :
  HEAL_STEP=refresh
  HOST_ADDRESS=''
}

# refuse_while_building: a machine that does not answer builds nothing that could be saved.
refuse_while_building() {
  local busy
  # shellcheck disable=SC2016 # expanded on the host
  busy=$(host_try 'for run in ~/.gantry/builds/*/*; do
    if [ -f "$run/alive" ] && [ ! -e "$run/exit" ]; then flock -n -s "$run/alive" true || echo "$run"; fi
  done' 2>/dev/null </dev/null) || busy=''
  [ -z "$busy" ] || die 77 "a build is running on the machine" "wait for it ($PROGRAM attach), or say it with --yes"
}
