// The props of workloads and their schemas say the same.
import type { QueueWorkersProps, queueWorkersProps } from "../../lib/cluster/queue-workers";
import type { ServiceProps, serviceProps } from "../../lib/cluster/service";
import type { Expect, SameProps } from "../support/typetest";

export type Pinned = [
  Expect<SameProps<ServiceProps, typeof serviceProps>>,
  Expect<SameProps<QueueWorkersProps, typeof queueWorkersProps>>,
];
