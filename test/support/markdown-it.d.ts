// markdown-it ships no types; this is what test/support/markdown.ts uses of it.
declare module "markdown-it" {
  interface Token {
    readonly type: string;
    readonly tag: string;
    readonly info: string;
    readonly content: string;
    readonly children: readonly Token[] | null;
    attrGet(name: string): string | null;
  }
  class MarkdownIt {
    constructor(options?: { readonly html?: boolean });
    parse(text: string, env: object): readonly Token[];
  }
  export = MarkdownIt;
}
