import { z } from "zod";
import { instanceOf } from "../core/props";
import { HelmChart, type ChartValues } from "./helm-chart";
import { ImageCatalog } from "./image-catalog";
import { memoryQuantity } from "./quantity";
import { computeProps } from "./quota.schema";

const valuePath = z
  .string()
  .regex(/^[\w-]+(\.[\w-]+)*$/)
  .describe('a value as a path, such as "auth.existingSecret"');

const secretName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)
  .describe("the name of a Secret: lower-case letters, digits, dots and dashes");

/** @internal A version of Kubernetes, as helm takes it. */
export const kubeVersion = z
  .string()
  .regex(/^v?1\.\d{1,3}(\.\d{1,3})?(\+[0-9A-Za-z.-]+)?$/)
  .describe('a version of Kubernetes, such as "1.28.4"');

/** @internal Runtime twin of `ChartCapacityProps`. */
export const chartCapacityProps = z.strictObject({
  pods: z.int().min(0).max(100_000),
  requests: computeProps.optional(),
  limits: computeProps.optional(),
  persistentVolumeClaims: z.int().min(0).max(100_000).optional(),
  storage: memoryQuantity.optional(),
});

/** @internal Runtime twin of `ChartReleaseProps`. */
export const chartReleaseProps = z.strictObject({
  values: z
    .custom<ChartValues>((value) => typeof value === "object" && value !== null && !Array.isArray(value), {
      abort: false,
    })
    .describe("a map of values")
    .default({}),
  releaseName: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/)
    .describe("lower-case letters, digits and dashes, at most 53, which is helm's limit")
    .optional(),
  existingSecrets: z
    .record(
      valuePath,
      z
        .union([
          secretName,
          z.custom<{ readonly secretName: string; readonly keys?: readonly string[] }>(
            (value) =>
              typeof value === "object" &&
              value !== null &&
              "secretName" in value &&
              secretName.safeParse(value.secretName).success,
            { abort: false },
          ),
        ])
        .describe("the name of a Secret, or what addSecretRef returns"),
    )
    .default({}),
  noHooks: z.boolean().default(true),
  kubeVersion: kubeVersion.optional(),
  images: instanceOf(ImageCatalog, "an ImageCatalog, such as ImageCatalog.bitnamiLegacy()").optional(),
  allowUnknown: z.array(valuePath).default([]),
  allowTemplates: z.union([z.boolean(), z.array(valuePath)]).default(false),
  includeCrds: z.boolean().default(true),
  capacity: chartCapacityProps.optional(),
});

/** @internal The chart itself, which is no prop. */
export const releaseChart = z.object({
  chart: instanceOf(HelmChart, 'a chart, such as Charts.redis("18.19.4") or HelmChart.pinned(…)'),
});

/** Props with defaults. */
export type ChartReleaseModel = z.output<typeof chartReleaseProps>;
