// Shell programs that ship: they run on a Mac's bash 3.2 as well. shellcheck and shfmt run beside the tests, in
// `npm test`; no registry has a real bash 3.2, so its rules are checked on the syntax tree.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { bash32Faults, bash32Tools } from "../lint/bash32";
import { withTools } from "../support/tools";

const root = join(__dirname, "../..");
const programs = readdirSync(join(root, "lib"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".sh"))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort();

test("there are programs to look at", () => {
  expect(programs.length).toBeGreaterThan(10);
});

withTools(["bash"], () => {
  test.each(programs)("bash parses %s", (program) => {
    expect(spawnSync("bash", ["-n", program], { cwd: root, encoding: "utf8" }).stderr).toBe("");
  });
});

withTools(bash32Tools, () => {
  test.each(programs)("%s keeps to bash 3.2", (program) => {
    const faults = bash32Faults(readFileSync(join(root, program), "utf8"));
    expect(faults.map(({ line, rule, text }) => `${program}:${line}: ${rule}: ${text}`)).toEqual([]);
  });

  describe("the bash 3.2 rules", () => {
    test.each([
      ["declare -A map", "associative array (4.0)"],
      ["f() { local -A map; }", "associative array (4.0)"],
      ["f() { local -n ref=$1; }", "name reference (4.3)"],
      ["declare -gx X=1", "declare -g (4.2)"],
      ["declare -l lower=A", "declare -l, -u (4.0)"],
      ["mapfile -t lines <file", "mapfile (4.0)"],
      ["readarray lines <file", "readarray (4.0)"],
      ["echo ${x,,}", "${x,,} and ${x^^} (4.0)"],
      ['echo "a ${x^}"', "${x,,} and ${x^^} (4.0)"],
      ["echo ${list[0]^^}", "${x,,} and ${x^^} (4.0)"],
      ["echo ${x@Q}", "${x@Q} and the like (4.4)"],
      ['echo "${list[@]@Q}"', "${x@Q} and the like (4.4)"],
      ["wait -n", "wait -n, -f, -p (4.3)"],
      ["a |& b", "|& (4.0)"],
      ["a &>>log", "&>> (4.0)"],
      ["case $x in a) b ;;& *) c ;; esac", ";& and ;;& (4.0)"],
      ["case $x in a) b ;& *) c ;; esac", ";& and ;;& (4.0)"],
      ["printf -v 'list[0]' x", "printf -v into an array (4.1)"],
      ["printf '%(%F)T' -1", "printf %()T (4.2)"],
      ["coproc cat", "coproc (4.0)"],
      ["read -t 0.5 x", "read -t with a fraction or 0 (4.0)"],
      ["read -rt .5 x", "read -t with a fraction or 0 (4.0)"],
      ["read -t0.5 x", "read -t with a fraction or 0 (4.0)"],
      ["read -N 3 x", "read -i, -N (4.0, 4.1)"],
      ["echo $BASHPID", "$BASHPID (4.0)"],
      ['echo "${EPOCHSECONDS}"', "$EPOCHSECONDS (5.0)"],
      ["echo $EPOCHREALTIME", "$EPOCHREALTIME (5.0)"],
      ["[[ -v x ]]", "[[ -v (4.2)"],
      ["[[ $a = b && ! -v x ]]", "[[ -v (4.2)"],
      ["[ -v x ]", "[ -v (4.2)"],
      ["test -v x", "[ -v (4.2)"],
      ["echo ${list[-1]}", "negative index (4.3)"],
      ["unset 'list[-1]'", "negative index (4.3)"],
      ["echo ${x:0:-1}", "negative length (4.2)"],
      ["exec {handle}>file", "{name}> (4.1)"],
      ["shopt -s globstar", "shopt of a newer bash (4.0)"],
      ["echo {1..10..2}", "{a..b..step} (4.0)"],
      ["echo {01..10}", "{01..10} (4.0)"],
      ["echo $'\\u00e9'", "\\u in $'' (4.2)"],
      [". <(echo x=1)", "source <( ) reads nothing in 3.2"],
      ["x=$(case $y in a) echo b ;; esac)", "case inside $( ): its ) ends the substitution in 3.2"],
      ["x=$(\n  # don't\n  echo a\n)", "quote or parenthesis in a comment inside $( )"],
      ["x=$(\n  cat <<'T'\nit's\nT\n)", "quote or parenthesis in a here-document inside $( )"],
      ['list=()\nf "${list[@]}"', "array that may be empty, under set -u (4.4)"],
      ['f() { local -a list; g "${list[@]}"; }', "array that may be empty, under set -u (4.4)"],
    ])("find %j", (program, rule) => {
      expect(bash32Faults(program).map((fault) => fault.rule)).toEqual([rule]);
    });

    test.each([
      "declare -a list; list+=(a)",
      "echo ${x: -1} ${x:1:2} ${x//a/b} ${x/#a/b} ${!x} ${!list[@]} ${#list[@]}",
      'echo ${list[@]: -1} "${list[@]:1}"',
      "a &>log; b 2>&1 | c",
      "while read -r line; do :; done < <(ls)",
      "read -r -t 5 -n 1 x",
      "printf -v name '%s' x",
      "wait $! && wait",
      "echo '|& ${x,,} $BASHPID mapfile' # declare -A",
      "cat <<'T'\n${x^^} it's |&\nT",
      "[[ $x == -v ]]",
      'list=(); f ${list[@]+"${list[@]}"}',
      'list=(); [ ${#list[@]} = 0 ] || f "${list[@]}"',
      'list=(a); f "${list[@]}"',
      'list=()\nlist+=(a)\nf "${list[@]}"',
      'list=()\nif [ ${#list[@]} -gt 0 ]; then\n  f "${list[@]}"\nfi',
      "mapfile lines # bash 3.2: never reached there",
      'if [ -n "${EPOCHREALTIME:-}" ]; then echo "${EPOCHREALTIME%.*}"; fi',
      "echo {1..10} {a,b}",
      "x=$(f \"$(g 'a b')\")",
      "case $x in a | b) c ;; esac",
      "export -n X",
    ])("let %j pass", (program) => {
      expect(bash32Faults(program)).toEqual([]);
    });
  });
});
