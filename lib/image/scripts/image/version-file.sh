# shellcheck shell=bash disable=SC2034
# The file of a project that says which version it is.

# version_in_file FILE: REPLY = the version in it; nothing when there is none, or no such file.
version_in_file() {
  REPLY=''
  [ -r "$1" ] || return 0
  case $1 in
    *.json) REPLY=$(sed -n '/^[[:space:]]*"version"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/{s//\1/p;q;}' "$1") ;;
    *.toml) REPLY=$(sed -n '/^version[[:space:]]*=[[:space:]]*"\([^"]*\)".*/{s//\1/p;q;}' "$1") ;;
    *) REPLY=$(head -n 1 "$1" | tr -d '[:space:]') ;;
  esac
}
