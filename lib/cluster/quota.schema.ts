import { z } from "zod";
import { cpuQuantity, memoryQuantity } from "./quantity";

/** @internal */
export const computeProps = z.strictObject({ cpu: cpuQuantity.optional(), memory: memoryQuantity.optional() });

/** @internal Runtime twin of `QuotaProps`. */
export const quotaProps = z.strictObject({
  pods: z.int().min(1).max(100_000).optional(),
  requests: computeProps.optional(),
  limits: computeProps.optional(),
  persistentVolumeClaims: z.int().min(0).max(100_000).optional(),
  storage: memoryQuantity.optional(),
});

/** @internal Runtime twin of `LimitsProps`. */
export const limitsProps = z.strictObject({
  default: computeProps.optional(),
  defaultRequest: computeProps.optional(),
  max: computeProps.optional(),
  min: computeProps.optional(),
});
