import type { Data } from "../core/render/model";
/** A release. */
export interface ChartReleaseProps {
  readonly values?: Readonly<Record<string, Data>>;
}
