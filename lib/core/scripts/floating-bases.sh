# shellcheck shell=bash disable=SC2034
# Which images of others a Containerfile stands on by a tag: they may be other images tomorrow, and nothing of ours would notice.

# floating_bases FILE [NAME=VALUE…]: REPLY = those images, one a line, with the build arguments put in. Stages, scratch and
# images that only this machine has (localhost/…) are none of them.
floating_bases() {
  local file=$1 given=''
  shift
  while [ $# -gt 0 ]; do
    case $1 in *$'\n'*) ;; *) given="$given$1"$'\n' ;; esac
    shift
  done
  REPLY=$(LC_ALL=C BUILD_ARGS=$given awk "$FLOATING_BASES" "$file")
}

# shellcheck disable=SC2016 # awk's variables
FLOATING_BASES='
  BEGIN {
    n = split(ENVIRON["BUILD_ARGS"], lines, "\n")
    for (i = 1; i <= n; i++) if ((at = index(lines[i], "=")) > 0) given[substr(lines[i], 1, at - 1)] = substr(lines[i], at + 1)
    escape = "\\"
  }
  { sub(/\r$/, "") }
  NR == 1 { sub(/^\357\273\277/, "") }
  # The text of a heredoc is none of ours.
  heredoc != "" { line = $0; sub(/^\t+/, "", line); if (line == heredoc) heredoc = ""; next }
  /^[ \t]*#/ { if (text == "" && !begun && tolower($0) ~ /^[ \t]*#[ \t]*escape[ \t]*=[ \t]*`/) escape = "`"; next }
  text == "" && /^[ \t]*$/ { next }
  {
    begun = 1
    line = $0
    sub(/[ \t]+$/, "", line)
    if (substr(line, length(line)) == escape) { text = text substr(line, 1, length(line) - 1) " "; next }
    instruction(text line)
    text = ""
  }
  END { if (text != "") instruction(text) }

  function instruction(all,   word, count, words, i, name, value, at, reference) {
    sub(/^[ \t]+/, "", all)
    count = split(all, words, /[ \t]+/)
    word = toupper(words[1])
    if (word == "ARG" && !stages) {
      for (i = 2; i <= count; i++) {
        at = index(words[i], "=")
        name = at > 0 ? substr(words[i], 1, at - 1) : words[i]
        if (name in given) known[name] = given[name]
        else if (at > 0) known[name] = expand(unquote(substr(words[i], at + 1)))
      }
    } else if (word == "FROM") {
      i = 2
      while (words[i] ~ /^--/) i++
      look(expand(unquote(words[i])))
      if (toupper(words[i + 1]) == "AS") stage[tolower(words[i + 2])] = 1
      stage[stages++] = 1
    } else if (word == "COPY" || word == "ADD" || word == "RUN") {
      for (i = 2; i <= count && words[i] ~ /^--/; i++) {
        if (word != "RUN" && words[i] ~ /^--from=/) look(expand(unquote(substr(words[i], 8))))
        if (word == "RUN" && words[i] ~ /^--mount=/ && match(words[i], /[=,]from=[^,]*/)) {
          look(expand(unquote(substr(words[i], RSTART + 6, RLENGTH - 6))))
        }
      }
      if (words[i] !~ /^\[/ && match(all, /<<-?["\047]?[A-Za-z_][A-Za-z0-9_]*/)) {
        heredoc = substr(all, RSTART, RLENGTH)
        gsub(/[^A-Za-z0-9_]/, "", heredoc)
      }
    }
  }

  function look(reference) {
    if (reference == "" || tolower(reference) in stage || reference in seen) return
    if (reference == "scratch" || reference ~ /^localhost\// || reference ~ /@sha256:[0-9a-f]+$/) return
    seen[reference] = 1
    print reference
  }

  function unquote(value) {
    if (value ~ /^".*"$/ || value ~ /^\047.*\047$/) return substr(value, 2, length(value) - 2)
    return value
  }

  # $NAME, ${NAME}, ${NAME:-other} and ${NAME:+other}; what is not known stays.
  function expand(value,   out, whole, name, rest, at) {
    while (match(value, /\$(\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*)/)) {
      out = out substr(value, 1, RSTART - 1)
      whole = substr(value, RSTART, RLENGTH)
      value = substr(value, RSTART + RLENGTH)
      name = whole
      gsub(/^\$\{?|\}$/, "", name)
      rest = ""
      if ((at = index(name, ":")) > 0) { rest = substr(name, at + 1); name = substr(name, 1, at - 1) }
      if (rest ~ /^\+/) out = out (known[name] != "" ? substr(rest, 2) : "")
      else if (known[name] != "") out = out known[name]
      else if (rest ~ /^-/) out = out substr(rest, 2)
      else out = out whole
    }
    return out value
  }
'
