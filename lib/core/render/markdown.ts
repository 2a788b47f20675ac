/** Text as a code span that shows it unchanged, whatever is in it; line breaks become spaces, as Markdown has none there. */
export function codeSpan(text: string): string {
  const line = text.replace(/[\r\n]+/g, " ");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  // One space on each side is taken off again by the reader; without it a backtick or a space at the edge would be lost.
  const padding = /^`|`$|^ .*[^ ].* $/.test(line) ? " " : "";
  return `${fence}${padding}${line}${padding}${fence}`;
}

/** Text as words of a paragraph: nothing in it acts as Markdown or HTML. */
export function plainText(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replace(/[\\`*_{}[\]()<>#+!|~&-]/g, (char) => `\\${char}`);
}

/** Rows of Markdown cells as a table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("");
}

/** Lines of a program or a diagram, shown as they stand. */
export function codeBlock(language: string, lines: readonly string[]): string {
  const text = lines.join("\n");
  const longest = Math.max(2, ...[...text.matchAll(/^ *(`+)/gm)].map(([, run = ""]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}\n`;
}
