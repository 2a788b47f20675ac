# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# An EC2 instance of the stack. Its address changes when it was stopped, so it is looked up again when ssh fails, and only
# then: in the outputs first, then in the cloud. Its host key is pinned under the instance id, which does not change.

# shellcheck source=../../../core/scripts/ssh.sh
. "$COMMON_DIR/ssh.sh"
# shellcheck source=../../../core/scripts/terraform.sh
. "$COMMON_DIR/terraform.sh"

INSTANCE_ID=''
HEAL_STEP=outputs

kind_prepare() {
  ADDRESS_FILE=$STATE_DIR/$PROJECT.$PROGRAM.address
  HOST_ADDRESS=''
  if [ -n "${GANTRY_INSTANCE_ID:-}" ]; then
    # Called by Terraform while it deploys: its state is locked, and its outputs are those of before.
    INSTANCE_ID=$GANTRY_INSTANCE_ID HOST_ADDRESS=${GANTRY_ADDRESS:-} HEAL_STEP=none
    [ "$ACCESS" != ssm ] || HOST_ADDRESS=$INSTANCE_ID
  elif [ -r "$ADDRESS_FILE" ]; then
    { read -r HOST_ADDRESS && read -r INSTANCE_ID; } <"$ADDRESS_FILE" || :
  fi
  if [ -z "${GANTRY_INSTANCE_ID:-}" ] && { [ -z "$HOST_ADDRESS" ] || [ -z "$INSTANCE_ID" ]; }; then
    ec2_outputs
    HEAL_STEP=refresh
  fi
  # What was never deployed is nowhere in the cloud.
  [ -n "$INSTANCE_ID" ] || HEAL_STEP=none
  SSH_ALIAS=$INSTANCE_ID
  ssh_options
}

# ec2_outputs: HOST_ADDRESS and INSTANCE_ID as the state has them. With ACCESS=ssm the id is the address.
ec2_outputs() {
  [ -n "${TERRAFORM:-}" ] || terraform_program
  INSTANCE_ID=$(terraform_output instance_id) || INSTANCE_ID=''
  if [ "$ACCESS" = ssm ]; then
    HOST_ADDRESS=$INSTANCE_ID
  else
    HOST_ADDRESS=$(terraform_output public_ip) || HOST_ADDRESS=''
    [ -n "$HOST_ADDRESS" ] || HOST_ADDRESS=$(terraform_output private_ip) || HOST_ADDRESS=''
  fi
  SSH_ALIAS=$INSTANCE_ID
}

kind_attempt() {
  local code=255
  if [ -n "$HOST_ADDRESS" ] && [ -n "$INSTANCE_ID" ]; then
    code=0
    ssh_attempt "$@" || code=$?
  fi
  if [ "$code" -eq 255 ]; then kind_fault; else kind_reached; fi
  return "$code"
}

kind_reached() {
  HEAL_STEP=outputs
  ssh_reached
  ec2_remember
}

# ec2_remember: the address worked.
ec2_remember() {
  [ "${REMEMBERED:-}" != "$HOST_ADDRESS $INSTANCE_ID" ] || return 0
  REMEMBERED="$HOST_ADDRESS $INSTANCE_ID"
  local address='' id=''
  if [ -r "$ADDRESS_FILE" ]; then { read -r address && read -r id; } <"$ADDRESS_FILE" || :; fi
  if [ "$address $id" != "$REMEMBERED" ]; then printf '%s\n%s\n' "$HOST_ADDRESS" "$INSTANCE_ID" >"$ADDRESS_FILE"; fi
}

kind_fault() {
  if [ -n "$HOST_ADDRESS" ] && [ -n "$INSTANCE_ID" ]; then
    ssh_fault
  else
    HOST_FAULT='the stack has no address for it'
  fi
}

kind_heal() {
  local before="$HOST_ADDRESS $INSTANCE_ID"
  if ssh_drop_master; then return 0; fi
  if [ "$HEAL_STEP" = outputs ]; then
    HEAL_STEP=refresh
    note "$PROGRAM does not answer at ${HOST_ADDRESS:-its address}; looking its address up"
    ec2_outputs
    if [ "$HOST_ADDRESS $INSTANCE_ID" != "$before" ]; then
      ssh_options
      return 0
    fi
  fi
  [ "$HEAL_STEP" = refresh ] || return 1
  HEAL_STEP=none
  note "asking the cloud where $PROGRAM is ($TERRAFORM apply -refresh-only)"
  terraform_refresh || warn "$TERRAFORM apply -refresh-only failed ($REPLY); going by the old outputs"
  ec2_outputs
  [ "$HOST_ADDRESS $INSTANCE_ID" != "$before" ] || return 1
  ssh_options
}

kind_remedy() {
  ssh_remedy
  if [ -n "$REPLY" ]; then return; fi
  if [ -z "$INSTANCE_ID" ]; then
    if stack_initialized; then
      REPLY="deploy the stack: $PROGRAM up"
    else
      stack_path
      quote cd "$REPLY"
      REPLY="deploy the stack: $PROGRAM up
or, if it is deployed and its state is kept elsewhere: $REPLY && $TERRAFORM init"
    fi
  else
    REPLY="is it stopped? $PROGRAM start
has your own address changed, or the machine just booted? $PROGRAM doctor"
  fi
}

kind_name() { REPLY="$PROGRAM (${INSTANCE_ID:-no instance}${HOST_ADDRESS:+ at $HOST_ADDRESS})"; }

kind_shell_file() { ssh_shell_file; }

kind_leave() { :; }
