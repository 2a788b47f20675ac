# shellcheck shell=bash
# Locks that end with who holds them. (The builder's host programs have the same in state.sh: they travel without this file.)

# lock_file [-s] [-n] FD: takes the lock of an open file: -s shared, -n without waiting. The kernel frees it when the last
# process that has the file open ends, however it ends.
if has flock; then
  lock_file() { flock "$@"; }
else
  lock_file() { # macOS
    local how=2 fd=''
    while [ $# -gt 0 ]; do
      case $1 in
        -s) how=$((how - 1)) ;;
        -n) how=$((how + 4)) ;;
        *) fd=$1 ;;
      esac
      shift
    done
    perl -e 'open(my $f, "+<&=", $ARGV[0]) or die $!; exit(flock($f, $ARGV[1]) ? 0 : 1)' "$fd" "$how"
  }
fi
