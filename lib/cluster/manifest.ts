import type { Data } from "../core/render/model";

/** A Kubernetes object as data. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [key: string]: Data | ObjectMetadata | undefined;
}

/** What an object is called. */
export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Labels of what the stack makes itself: the recommended ones of Kubernetes, and `app`, which people type. */
export function labelsOf(name: string, partOf: string): Record<string, string> {
  return {
    app: name,
    "app.kubernetes.io/name": name,
    "app.kubernetes.io/part-of": partOf,
    "app.kubernetes.io/managed-by": "cdktf-gantry",
  };
}

/** Entries in the order of their names, without those that are `undefined`: data is the same whatever the order it was declared in. */
export function compact<T>(record: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, T] => entry[1] !== undefined));
}

/** @internal Names of objects, which are DNS labels (RFC 1123): Services and label values take nothing longer. */
export const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** @internal */
export const DNS_LABEL_WORDS =
  "a name of lower-case letters, digits and dashes, at most 63, that starts and ends with a letter or digit";
