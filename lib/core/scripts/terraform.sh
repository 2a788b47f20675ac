# shellcheck shell=bash
# The Terraform side: where an EC2 builder is. Only read when ssh fails or nothing is known yet, because it costs seconds.

# terraform_program: TERRAFORM = the program the project uses.
terraform_program() {
  local name
  for name in "${TERRAFORM_BINARY_NAME:-}" tofu terraform; do
    if [ -n "$name" ] && has "$name"; then
      TERRAFORM=$name
      return
    fi
  done
  die 2 "neither tofu nor terraform is on PATH" "the address of $PROGRAM is one of its outputs; install OpenTofu, or set TERRAFORM_BINARY_NAME"
}

# in_stack ARGS…: runs it in the stack's directory, without input.
in_stack() {
  [ -n "${TERRAFORM:-}" ] || terraform_program
  (cd -- "$FILE_ROOT/$STACK_DIR" && CHECKPOINT_DISABLE=1 "$TERRAFORM" "$@" </dev/null)
}

# stack_path: REPLY = the stack's directory, for people.
stack_path() { REPLY=$(cd -- "$FILE_ROOT/$STACK_DIR" 2>/dev/null && pwd -P) || REPLY=$FILE_ROOT/$STACK_DIR; }

# terraform_output NAME: prints the value of this builder's output; fails when there is none. Warnings come on standard
# output too, before the value; that there are no outputs at all is one, with exit code 0. Only a value ends in no line feed.
terraform_output() {
  local value
  value=$(in_stack output -no-color -raw "$OUTPUT_PREFIX$1" 2>/dev/null && printf .) || return 1
  value=${value%.}
  value=${value##*$'\n'}
  [ -n "$value" ] || return 1
  printf '%s' "$value"
}

# stack_initialized: whether the stack's backend can be asked from here.
stack_initialized() { (cd -- "$FILE_ROOT/$STACK_DIR" && [ -d "${TF_DATA_DIR:-.terraform}" ]); }

# terraform_refresh: reads from the cloud what the state should say; changes nothing there. When it fails, REPLY = why.
terraform_refresh() {
  local line
  in_stack apply -refresh-only -auto-approve -input=false -no-color >"$TEMP_DIR/refresh" 2>&1 && return
  REPLY='it did not say why'
  while IFS= read -r line; do
    case $line in *Error:*) REPLY=${line#*Error: } ;; esac
  done <"$TEMP_DIR/refresh"
  return 1
}
