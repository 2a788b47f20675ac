// The props of a namespace, of its quota and its limits, and their schemas say the same.
import type { NamespaceProps, namespaceProps } from "../../lib/cluster/namespace";
import type { ComputeProps, LimitsProps, QuotaProps } from "../../lib/cluster/quota.props";
import type { computeProps, limitsProps, quotaProps } from "../../lib/cluster/quota.schema";
import type { Expect, SameProps } from "../support/typetest";

export type Pinned = [
  Expect<SameProps<ComputeProps, typeof computeProps>>,
  Expect<SameProps<QuotaProps, typeof quotaProps>>,
  Expect<SameProps<LimitsProps, typeof limitsProps>>,
  Expect<SameProps<NamespaceProps, typeof namespaceProps>>,
];
