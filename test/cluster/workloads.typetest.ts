// The props of what runs in a cluster and their schemas say the same.
import type { NamespaceProps, namespaceProps } from "../../lib/cluster/namespace";
import type { QueueWorkersProps, queueWorkersProps } from "../../lib/cluster/queue-workers";
import type { ComputeProps, LimitsProps, QuotaProps } from "../../lib/cluster/quota.props";
import type { computeProps, limitsProps, quotaProps } from "../../lib/cluster/quota.schema";
import type { RedisStreamProps, redisStreamProps } from "../../lib/cluster/redis-stream";
import type { SecretRefProps, secretRefProps } from "../../lib/cluster/secret-ref";
import type { ServiceProps, serviceProps } from "../../lib/cluster/service";
import type { TankaEnvironmentProps, tankaEnvironmentProps } from "../../lib/cluster/tanka-environment";
import type { Expect, SameProps } from "../support/typetest";

export type Pinned = [
  Expect<SameProps<ComputeProps, typeof computeProps>>,
  Expect<SameProps<QuotaProps, typeof quotaProps>>,
  Expect<SameProps<LimitsProps, typeof limitsProps>>,
  Expect<SameProps<NamespaceProps, typeof namespaceProps>>,
  Expect<SameProps<SecretRefProps, typeof secretRefProps>>,
  Expect<SameProps<RedisStreamProps, typeof redisStreamProps>>,
  Expect<SameProps<ServiceProps, typeof serviceProps>>,
  Expect<SameProps<QueueWorkersProps, typeof queueWorkersProps>>,
  Expect<SameProps<TankaEnvironmentProps, typeof tankaEnvironmentProps>>,
];
