// Reads Markdown the way GitHub does (CommonMark with tables): what tests want to know of a document.
import MarkdownIt from "markdown-it";

/** A fenced block. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

/** What is in a document. */
export interface MarkdownDocument {
  readonly headings: readonly string[];
  readonly blocks: readonly CodeBlock[];
  /** Code spans, as a reader sees them. */
  readonly spans: readonly string[];
  /** Targets of links and images. */
  readonly links: readonly string[];
  /** Tables as rows of cells; the first row is the head. A cell is its text, code spans as they read. */
  readonly tables: readonly (readonly (readonly string[])[])[];
  /** Types of everything else that is in the text, such as `html_block`. */
  readonly kinds: ReadonlySet<string>;
}

export function readMarkdown(text: string): MarkdownDocument {
  const tokens = new MarkdownIt({ html: true }).parse(text, {});
  const headings: string[] = [];
  const blocks: CodeBlock[] = [];
  const spans: string[] = [];
  const links: string[] = [];
  const tables: string[][][] = [];
  const kinds = new Set<string>();
  tokens.forEach((token, i) => {
    kinds.add(token.type);
    if (token.type === "fence") blocks.push({ language: token.info.trim(), code: token.content });
    if (token.type === "table_open") tables.push([]);
    if (token.type === "tr_open") tables.at(-1)?.push([]);
    if (token.type === "inline") {
      const children = token.children ?? [];
      for (const child of children) {
        kinds.add(child.type);
        if (child.type === "code_inline") spans.push(child.content);
        const target =
          child.type === "link_open" ? child.attrGet("href") : child.type === "image" ? child.attrGet("src") : null;
        if (target !== null) links.push(target);
      }
      const plain = children.map(({ content }) => content).join("");
      const before = tokens[i - 1]?.type;
      if (before === "heading_open") headings.push(plain);
      if (before === "td_open" || before === "th_open") tables.at(-1)?.at(-1)?.push(plain);
    }
  });
  return { headings, blocks, spans, links, tables, kinds };
}
