import { z } from "zod";
import type { Data } from "../core/render/model";
import { DNS_LABEL, DNS_LABEL_WORDS } from "./manifest";
import { memoryQuantity } from "./quantity";

/** What pods of services and workers have in common. */
export interface PodProps {
  /** Program that runs in place of the image's entrypoint. @default - the image's */
  readonly command?: readonly string[];
  /** Arguments that take the place of the image's. @default - the image's */
  readonly args?: readonly string[];
  /** Service account by which it calls the API of the cluster. @default - none: it has no token */
  readonly serviceAccount?: string;
  /** Empty directories by path with the most they may hold, for example `{ "/tmp": "1Gi" }`. @default - none */
  readonly scratch?: Readonly<Record<string, string>>;
}

const words = z.array(z.string()).min(1).optional();

/** @internal Runtime twin of {@link PodProps}. */
export const podProps = {
  command: words,
  args: words,
  serviceAccount: z.string().regex(DNS_LABEL).describe(DNS_LABEL_WORDS).optional(),
  scratch: z
    .record(
      z
        .string()
        .regex(/^(\/(?!\.\.?(\/|$))[A-Za-z0-9._-]+)+$/)
        .describe("a path such as /var/cache"),
      memoryQuantity,
    )
    .default({}),
};

interface PodModel {
  readonly command?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  readonly serviceAccount?: string | undefined;
  readonly scratch: Readonly<Record<string, string>>;
}

/** What the container has of it; `own` are directories that are always there. */
export function podContainer(
  { command, args, scratch }: PodModel,
  own: readonly Data[] = [],
): Record<string, Data | undefined> {
  const mounts = Object.keys(scratch).map((mountPath, i) => ({ name: `scratch-${i}`, mountPath }));
  const volumeMounts = [...own, ...mounts];
  return {
    command: command && [...command],
    args: args && [...args],
    volumeMounts: volumeMounts.length > 0 ? volumeMounts : undefined,
  };
}

/** What the pod has of it. Its token is left out unless it is to call the API: nobody who breaks in finds one. */
export function podSpec({ serviceAccount, scratch }: PodModel, own: readonly Data[] = []): Record<string, Data> {
  const empty = Object.values(scratch).map((sizeLimit, i) => ({ name: `scratch-${i}`, emptyDir: { sizeLimit } }));
  const volumes = [...own, ...empty];
  return {
    ...(serviceAccount === undefined
      ? { automountServiceAccountToken: false }
      : { serviceAccountName: serviceAccount, automountServiceAccountToken: true }),
    ...(volumes.length > 0 ? { volumes } : {}),
  };
}
