# shellcheck shell=bash source-path=SCRIPTDIR
# secrets: makes the Secrets that the stack names. Values come from files, standard input or chance, and go to the cluster alone.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"

help_secrets() {
  cat <<TEXT
Usage: $PROGRAM secrets [--from SECRET.KEY=FILE]… [--rotate SECRET] [ENVIRONMENT]
       $PROGRAM secrets --list [ENVIRONMENT]

Makes the Secrets that the stack names. A key that is there keeps its value. A key that the stack lets be made up gets a random
password; every other one must be given. No value is printed, logged or a word of a command.

  --from SECRET.KEY=FILE   its value is what the file holds (one newline at its end is dropped); - is standard input
  --rotate SECRET          new values for its made-up keys, and for those given
  --list                   what there is and what is missing; exit code 66 when something is
TEXT
}

cmd_secrets() {
  local list='' words=() namespace name keys generate
  FROM=() ROTATE=' '
  while [ $# -gt 0 ]; do
    case $1 in
      --from)
        need_value secrets "$1" $#
        FROM+=("$2")
        shift
        ;;
      --rotate)
        need_value secrets "$1" $#
        ROTATE="$ROTATE$2 "
        shift
        ;;
      --list) list=1 ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  environment_argument secrets ${words[@]+"${words[@]}"}
  load_environment
  check_given
  need_cluster
  if [ -n "$list" ]; then
    list_secrets
    return
  fi
  missing_values
  if [ -z "$DRY_RUN" ]; then ensure_namespaces; fi
  umask 077
  temp_dir
  while read -r namespace name keys generate; do
    [ -z "$namespace" ] || make_secret "$namespace" "$name" "$keys" "$generate"
  done <<<"$SECRETS"
}

# check_given: the words of --from and --rotate name what the stack has, and files that are there.
check_given() {
  local each place path names=' ' places=' ' namespace name keys generate key
  while read -r namespace name keys generate; do
    names="$names$name "
    for key in ${keys//,/ }; do places="$places$name.$key "; done
  done <<<"$SECRETS"
  for each in $ROTATE; do
    case $names in *" $each "*) ;; *) die 2 "secrets: no Secret $each" "the stack has:$names" ;; esac
  done
  for each in ${FROM[@]+"${FROM[@]}"}; do
    place=${each%%=*} path=${each#*=}
    case $each in *=?*) ;; *) die 2 "secrets: --from wants SECRET.KEY=FILE" "see: $PROGRAM help secrets" ;; esac
    case $places in *" $place "*) ;; *) die 2 "secrets: no key $place" "the stack has:$places" ;; esac
    [ "$path" = - ] || [ -r "$path" ] || die 2 "secrets: $path cannot be read"
  done
}

# given SECRET KEY: REPLY = the file with its value; fails when none is given.
given() {
  local each
  for each in ${FROM[@]+"${FROM[@]}"}; do
    case $each in
      "$1.$2="*)
        REPLY=${each#*=}
        return 0
        ;;
    esac
  done
  return 1
}

list_secrets() {
  local namespace name keys generate there key state missing=''
  while read -r namespace name keys generate; do
    [ -n "$namespace" ] || continue
    secret_keys "$namespace" "$name" && there=" $REPLY "
    for key in ${keys//,/ }; do
      case $there in *" $key "*) state='there' ;; *) state='MISSING' missing=1 ;; esac
      printf '%-24s %-24s %-24s %s\n' "$namespace" "$name" "$key" "$state"
    done
  done <<<"$SECRETS"
  [ -z "$missing" ] || exit 66
}

# missing_values: stops before anything is made when a value is neither there, given nor made up.
missing_values() {
  local namespace name keys generate there key lacking='' remedy=''
  while read -r namespace name keys generate; do
    [ -n "$namespace" ] || continue
    secret_keys "$namespace" "$name" && there=" $REPLY "
    for key in ${keys//,/ }; do
      case "$there,$generate," in *" $key "* | *,"$key",*) continue ;; esac
      ! given "$name" "$key" || continue
      lacking="$lacking $name.$key" remedy="$remedy --from $name.$key=FILE"
    done
  done <<<"$SECRETS"
  [ -z "$lacking" ] || die 66 "no value for:$lacking" "$PROGRAM secrets$remedy $ENVIRONMENT"
}

# make_secret NAMESPACE NAME KEYS GENERATE: applies what is not there yet, and nothing when all is.
make_secret() {
  local namespace=$1 name=$2 key there rotate='' json='' made='' value
  secret_keys "$namespace" "$name" && there=" $REPLY "
  case $ROTATE in *" $name "*) rotate=1 ;; esac
  for key in ${3//,/ }; do
    case $there in *" $key "*) [ -n "$rotate" ] || continue ;; esac
    if given "$name" "$key"; then
      if [ -n "$DRY_RUN" ]; then value=x; else value=$(secret_file "$REPLY") || die 2 "secrets: $REPLY cannot be read"; fi
    else
      case ",$4," in *",$key,"*) value=$(random_base64) ;; *) continue ;; esac
    fi
    [ -n "$value" ] || die 2 "secrets: the value for $name.$key is empty"
    json="$json,\"$key\":\"$value\"" made="$made $key"
  done
  value=''
  if [ -z "$made" ]; then
    note "$namespace/$name: all keys are there"
    return
  fi
  would "make the keys$made of the Secret $namespace/$name" && return
  # With --rotate, and with a key more than before, the other keys stay: this is a merge. A pipe, so that no file or word holds it.
  if [ "$there" = '  ' ]; then
    printf '{"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"name":"%s","namespace":"%s","labels":{"%s":"%s"}},"data":{%s}}' \
      "$name" "$namespace" "${ENVIRONMENT_LABEL%%=*}" "${ENVIRONMENT_LABEL#*=}" "${json#,}" \
      | kube create --field-manager=tanka -f - >/dev/null || die 69 "the Secret $namespace/$name cannot be made"
  else
    printf '{"data":{%s}}' "${json#,}" \
      | kube -n "$namespace" patch secret "$name" --field-manager=tanka --type merge --patch-file /dev/stdin >/dev/null \
      || die 69 "the Secret $namespace/$name cannot be changed"
  fi
  say "$namespace/$name: made$made"
}

# secret_file FILE: its content in base64, without one newline at its end.
secret_file() {
  if [ "$1" = - ]; then cat; else cat -- "$1"; fi | perl -0777 -ne 's/\n\z//; use MIME::Base64; print encode_base64($_, "")'
}

# random_base64: a password of 192 random bits as 48 letters and digits, in base64.
random_base64() {
  head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' | base64 | tr -d '\n'
}
