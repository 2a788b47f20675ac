// Finds what bash 3.2, the bash of every Mac, does not know or gets wrong, in shell programs that newer ones run happily.
// It reads the syntax tree that shfmt prints: words in strings, comments and here-documents are not mistaken for code.
import { execFileSync } from "node:child_process";

/** External tools a test file names in `withTools`. */
export const bash32Tools = ["shfmt"] as const;

export interface Fault {
  readonly line: number;
  /** What is used there. */
  readonly rule: string;
  readonly text: string;
}

interface Position {
  readonly Offset: number;
  readonly Line: number;
}

type Node = Readonly<Record<string, unknown>> & {
  readonly Pos?: Position;
  readonly End?: Position;
  readonly Type?: string;
};

interface Place {
  /** Inside of `$( )`, whose end bash 3.2 finds by counting parentheses and quotes alone. */
  readonly inSubstitution: boolean;
}

const NEW_VARIABLES: Readonly<Record<string, string>> = {
  BASHPID: "4.0",
  BASH_XTRACEFD: "4.1",
  EPOCHREALTIME: "5.0",
  EPOCHSECONDS: "5.0",
  SRANDOM: "5.1",
  BASH_ARGV0: "5.0",
};
const NEW_COMMANDS: Readonly<Record<string, string>> = { mapfile: "4.0", readarray: "4.0" };
const NEW_SHOPTS =
  /^(autocd|checkjobs|dirspell|globstar|lastpipe|inherit_errexit|direxpand|localvar_\w+|assoc_expand_once|compat4\d|compat5\d|progcomp_alias)$/;

/**
 * Everything in a program that bash 3.2 does not run as it is meant, in order. Where it is right all the same, a comment
 * on that line or the one before says why, `# bash 3.2: …`, or a look at BASH_VERSINFO does.
 */
export function bash32Faults(program: string): Fault[] {
  const source = Buffer.from(program);
  const json = execFileSync("shfmt", ["-ln=bash", "--to-json"], {
    input: source,
    encoding: "utf8",
    maxBuffer: 256 << 20,
  });
  const faults: Fault[] = [];
  const text = (node: Node) => source.toString("utf8", node.Pos?.Offset ?? 0, node.End?.Offset ?? 0);
  const at = (position: unknown, length: number) => {
    const offset = (position as Position | undefined)?.Offset ?? 0;
    return source.toString("utf8", offset, offset + length);
  };
  const report = (node: Node, rule: string) =>
    faults.push({ line: node.Pos?.Line ?? 0, rule, text: text(node).split("\n")[0] ?? "" });

  const visit = (node: Node, place: Place): void => {
    for (const rule of [
      ...faultsOf(node, program, text, at),
      ...(place.inSubstitution ? lostInSubstitution(node, text) : []),
    ]) {
      report(node, rule);
    }
    const isSubstitution = node.Type === "CmdSubst" && text(node).startsWith("$(");
    const inner = { inSubstitution: place.inSubstitution || isSubstitution };
    for (const child of children(node)) visit(child, inner);
  };
  visit(JSON.parse(json) as Node, { inSubstitution: false });
  const lines = program.split("\n");
  faults.push(...emptyArrays(lines));
  const isAllowed = (line: number) =>
    [lines[line - 1], lines[line - 2]].some((each) => /# bash 3\.2: .|BASH_VERSINFO/.test(each ?? ""));
  return faults.filter(({ line }) => !isAllowed(line)).sort((a, b) => a.line - b.line);
}

function children(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((value): value is Node => typeof value === "object" && value !== null);
}

function faultsOf(
  node: Node,
  program: string,
  text: (node: Node) => string,
  at: (position: unknown, length: number) => string,
): string[] {
  const faults: string[] = [];
  const code = node.Pos === undefined ? "" : text(node);
  // shfmt 3.6 names the type of a node only where the field may hold several.
  if ("OpPos" in node && "X" in node && at(node.OpPos, 2) === "|&") faults.push("|& (4.0)");
  if ("OpPos" in node && "Word" in node && !("Patterns" in node) && at(node.OpPos, 3) === "&>>")
    faults.push("&>> (4.0)");
  if ("OpPos" in node && "Patterns" in node && /^;;?&/.test(at(node.OpPos, 3))) faults.push(";& and ;;& (4.0)");
  const redirected = (node.N as { readonly Value?: string } | null | undefined)?.Value;
  if (redirected?.startsWith("{")) faults.push("{name}> (4.1)");

  switch (node.Type) {
    case "CallExpr":
    case "DeclClause":
      faults.push(...commandFaults(words(node, text)));
      break;
    case "CoprocClause":
      faults.push("coproc (4.0)");
      break;
    case "ParamExp":
      faults.push(...expansionFaults(node, code, program));
      break;
    case "TestClause":
      if (/^\[\[\s+(!\s+)?-[vR]\s|(&&|\|\||\()\s*(!\s+)?-[vR]\s/.test(code)) faults.push("[[ -v (4.2)");
      break;
    case "SglQuoted":
      if (code.startsWith("$'") && /\\[uU][0-9a-fA-F]/.test(code)) faults.push("\\u in $'' (4.2)");
      break;
    case "Lit":
      if (/\{-?\w+\.\.-?\w+\.\.-?\d+\}/.test(code)) faults.push("{a..b..step} (4.0)");
      else if (/\{0\d+\.\.\d+\}/.test(code)) faults.push("{01..10} (4.0)");
      break;
    default:
  }
  return faults;
}

/** The words of a command as they are written; `declare` and the like have theirs elsewhere in the tree. */
function words(node: Node, text: (node: Node) => string): string[] {
  if (node.Type === "DeclClause") {
    const variant = (node.Variant as { readonly Value: string }).Value;
    return [variant, ...((node.Args ?? []) as readonly Node[]).map(text)];
  }
  return ((node.Args ?? []) as readonly Node[]).map(text);
}

function commandFaults([command = "", ...args]: readonly string[]): string[] {
  const has = (option: RegExp) => args.some((arg) => option.test(arg));
  const after = (option: RegExp) => args[args.findIndex((arg) => option.test(arg)) + 1] ?? "";
  const faults: string[] = [];
  const release = NEW_COMMANDS[command];
  if (release !== undefined) faults.push(`${command} (${release})`);
  switch (command) {
    case "declare":
    case "local":
    case "typeset":
    case "readonly":
    case "export":
      if (has(/^-\w*A/)) faults.push("associative array (4.0)");
      if (command !== "export" && has(/^-\w*n/)) faults.push("name reference (4.3)");
      if (has(/^-\w*[lu]/)) faults.push("declare -l, -u (4.0)");
      if (has(/^-\w*g/)) faults.push("declare -g (4.2)");
      break;
    case "wait":
      if (has(/^-\w*[nfp]/)) faults.push("wait -n, -f, -p (4.3)");
      break;
    case "printf":
      if (has(/^-v/) && after(/^-v/).includes("[")) faults.push("printf -v into an array (4.1)");
      if (has(/%(-?\d+)?\([^)]*\)T/)) faults.push("printf %()T (4.2)");
      break;
    case "read":
      if (has(/^-\w*[iN]/)) faults.push("read -i, -N (4.0, 4.1)");
      if (has(/^-\w*t$/) && /^(0$|0?\.|\d+\.)/.test(after(/^-\w*t$/)))
        faults.push("read -t with a fraction or 0 (4.0)");
      if (has(/^-\w*t(0$|\d*\.)/)) faults.push("read -t with a fraction or 0 (4.0)");
      break;
    case "shopt":
      if (args.some((arg) => NEW_SHOPTS.test(arg))) faults.push("shopt of a newer bash (4.0)");
      break;
    case "test":
    case "[":
      if (has(/^-[vR]$/)) faults.push("[ -v (4.2)");
      break;
    case "unset":
      if (has(/\[-\d+\]/)) faults.push("negative index (4.3)");
      break;
    case ".":
    case "source":
      if (args[0]?.startsWith("<(")) faults.push("source <( ) reads nothing in 3.2");
      break;
  }
  return faults;
}

function expansionFaults(node: Node, code: string, program: string): string[] {
  const faults: string[] = [];
  const name = (node.Param as { readonly Value?: string } | undefined)?.Value ?? "";
  const release = NEW_VARIABLES[name];
  // A program that asks whether the variable is there has another way.
  if (release !== undefined && !program.includes(`\${${name}:-`)) faults.push(`$${name} (${release})`);
  const operator = /^\$\{!?\w+(?:\[[^\]]*\])?(.)(.?)/.exec(code);
  if (operator?.[1] === "," || operator?.[1] === "^") faults.push("${x,,} and ${x^^} (4.0)");
  if (operator?.[1] === "@" && /[A-Za-z]/.test(operator[2] ?? "")) faults.push("${x@Q} and the like (4.4)");
  if (/^\$\{\w+\[\s*-\d/.test(code)) faults.push("negative index (4.3)");
  const slice = node.Slice as { readonly Length?: { readonly Type?: string } | null } | null | undefined;
  if (slice?.Length && /:\s*-\s*\w+\s*\}$/.test(code)) faults.push("negative length (4.2)");
  return faults;
}

/** What makes bash 3.2 miss the end of a `$( )`: it parses that again only when it runs. */
function lostInSubstitution(node: Node, text: (node: Node) => string): string[] {
  if (node.Type === "CaseClause") return ["case inside $( ): its ) ends the substitution in 3.2"];
  if ("Hash" in node && /['"`()]/.test((node.Text as string | undefined) ?? "")) {
    return ["quote or parenthesis in a comment inside $( )"];
  }
  const document = node.Hdoc as Node | null | undefined;
  if (document && /['"`()]/.test(text(document))) return ["quote or parenthesis in a here-document inside $( )"];
  return [];
}

/**
 * `"${list[@]}"` of an empty array is an unbound variable under `set -u` before 4.4. A list that was ever empty must be
 * expanded as `${list[@]+"${list[@]}"}`, or after a look at `${#list[@]}`, or after it was given something in any case.
 */
function emptyArrays(lines: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  const maybeEmpty = new Map<string, number>(); // name: line of the last look at its length
  lines.forEach((line, index) => {
    if (/^\s*#/.test(line)) return;
    for (const [, name = ""] of line.matchAll(/(?:^|[\s;])(\w+)=\(\)/g)) maybeEmpty.set(name, -Infinity);
    for (const [, names = ""] of line.matchAll(/(?:local|declare) -a ((?:\w+ ?)+)(?:$|;|&)/g)) {
      for (const name of names.trim().split(" ")) maybeEmpty.set(name, -Infinity);
    }
    // On a line of its own in the body of the function, so not in a loop or under a condition.
    const given = /^ {0,2}(\w+)\+?=\([^)\s]/.exec(line)?.[1];
    if (given !== undefined) maybeEmpty.delete(given);
    for (const [, name = ""] of line.matchAll(/\$\{#(\w+)\[[@*]\]\}/g)) {
      if (maybeEmpty.has(name)) maybeEmpty.set(name, index);
    }
    for (const [, name = ""] of line.matchAll(/"\$\{(\w+)\[[@*]\]\}"/g)) {
      const lookedAt = maybeEmpty.get(name);
      if (lookedAt === undefined || index - lookedAt < 8 || line.includes(`\${${name}[@]+`)) continue;
      faults.push({ line: index + 1, rule: "array that may be empty, under set -u (4.4)", text: line.trim() });
    }
  });
  return faults;
}
