import { z } from "zod";
import { parseValue } from "../core/props";
import { GantryError } from "../core/errors";
import type { Data } from "../core/render/model";
import { redisEvictionPolicy } from "./catalog/redis";
import type { RenderTarget } from "./environment";
import { SecretKeyRef } from "./secret-ref";
import { instanceOf } from "../core/props";

/** A redis stream that workers read jobs from. */
export interface RedisStreamProps {
  /** Host of the redis server inside its namespace, for example `"redis-master"`. */
  readonly host: string;
  /** Namespace of the redis server. */
  readonly namespace: string;
  /** Port of the redis server. @default 6379 */
  readonly port?: number;
  /** Name of the stream, for example `"raibid:jobs"`. */
  readonly stream: string;
  /** Consumer group that the workers read as, for example `"raibid-agents"`. */
  readonly group: string;
  /** Password, by its Secret. @default - redis asks for none */
  readonly password?: SecretKeyRef;
}

/** @internal Runtime twin of {@link RedisStreamProps}. */
export const redisStreamProps = z.strictObject({
  host: z.string().min(1),
  namespace: z.string().min(1),
  port: z.int().min(1).max(65535).default(6379),
  stream: z.string().min(1),
  group: z.string().min(1),
  password: instanceOf(SecretKeyRef, "a key of a Secret, as secret.key(…) gives it").optional(),
});

/** A release of the redis chart, as far as a stream must know it. */
export interface RedisRelease {
  readonly releaseName: string;
  readonly namespaceName: string;
  readonly values: Readonly<Record<string, Data>>;
}

/** A stream of jobs in redis, with the consumer group that works on it. */
export class RedisStream {
  /** @throws GantryError listing every fault. */
  static at(props: RedisStreamProps): RedisStream {
    return new RedisStream(parseValue("RedisStream.at", redisStreamProps, props));
  }

  /**
   * The stream of a release of bitnami's redis chart, in its writable server.
   *
   * @throws GantryError listing every fault, and for a redis that drops jobs when its memory is full.
   */
  static of(
    release: RedisRelease,
    stream: string,
    props: Pick<RedisStreamProps, "group" | "password" | "port">,
  ): RedisStream {
    const policy = redisEvictionPolicy(release.values);
    if (policy !== "noeviction") {
      const message = `got maxmemory-policy ${policy}, which drops jobs when memory is full; allowed: noeviction`;
      throw new GantryError("RedisStream.of: invalid props", [{ property: "release.values", message }]);
    }
    const host = `${fullName(release)}-master`;
    const model = { ...props, host, namespace: release.namespaceName, stream };
    return new RedisStream(parseValue("RedisStream.of", redisStreamProps, model), release.releaseName);
  }

  private constructor(
    readonly model: z.output<typeof redisStreamProps>,
    /** @internal Release of the redis chart, where the stream is made of one. */
    readonly releaseName?: string,
  ) {}

  /** Host as any pod of the cluster reaches it, for example `"redis-master.raibid-system"`. */
  hostFor(target: RenderTarget): string {
    return `${this.model.host}.${target.namespace(this.model.namespace)}`;
  }
}

/** What bitnami's charts begin the names of their resources with. */
function fullName({ releaseName, values }: RedisRelease): string {
  const { fullnameOverride: own } = values;
  if (typeof own === "string" && own !== "") return own;
  return releaseName.includes("redis") ? releaseName : `${releaseName}-redis`;
}
