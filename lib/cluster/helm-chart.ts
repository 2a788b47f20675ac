/** A chart. */
export class HelmChart {
  static pinned(name: string, version: string, source: { readonly repo: string }): HelmChart {
    return new HelmChart(name, version, source);
  }
  private constructor(
    readonly name: string,
    readonly version: string,
    readonly source: { readonly repo: string },
  ) {}
  get directory(): string {
    return this.name.replace(/.*\//, "");
  }
}
