import ipaddr from "ipaddr.js";
import { z } from "zod";
import { parseValue } from "./props";
import { identityFile, loginName, publicKey } from "./ssh.schema";

/** A machine that is there already and that ssh reaches. */
export interface ExistingHostProps {
  /** Host name or IP address. */
  readonly address: string;
  /** Login name. @default - the name ssh picks: its own configuration, else yours */
  readonly user?: string;
  /** Port of its sshd. @default 22 */
  readonly port?: number;
  /** Private key file on your machine; a leading `~/` is your home directory. @default - the keys ssh itself tries */
  readonly identityFile?: string;
  /**
   * The host's public key, as `ssh-keyscan` prints it after the name. Another key is refused from the first contact on.
   * @default - the key seen at first contact is pinned; a changed one is refused
   */
  readonly hostKey?: string;
}

/** @internal Runtime twin of {@link ExistingHostProps}. */
export const existingHostProps = z.strictObject({
  address: z
    .string()
    .refine((text) => /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text) || isIpv6(text))
    .describe("a host name or an IP address"),
  user: loginName.optional(),
  port: z.int().min(1).max(65535).default(22),
  identityFile: identityFile.optional(),
  hostKey: publicKey.optional(),
});

/** A host reached by ssh. Made by {@link Host.existing}. */
export interface ExistingHost extends ExistingHostProps {
  readonly kind: "existing";
  readonly port: number;
}

/** The machine the programs are run on. Made by {@link Host.local}. */
export interface LocalHost {
  readonly kind: "local";
}

/** Where steps run: a machine that exists, or this one. (An EC2 host comes from the construct that makes it.) */
export type Host = ExistingHost | LocalHost;

/** Makes {@link Host} values. */
export const Host = {
  /**
   * A machine that is there already.
   * @throws GantryError listing every fault.
   * @example
   * Host.existing({ address: "192.0.2.10", user: "ubuntu", identityFile: "~/.ssh/id_ed25519" });
   */
  existing(props: ExistingHostProps): ExistingHost {
    const parsed = parseValue("Host.existing", existingHostProps, props) as ExistingHostProps & {
      readonly port: number;
    };
    return Object.freeze({ kind: "existing", ...parsed });
  },

  /** The machine the programs are run on: no cloud, no ssh. */
  local(): LocalHost {
    return Object.freeze({ kind: "local" });
  },
};

/** @internal A prop that holds a {@link Host}. */
export const hostProp: z.ZodType<Host, Host> = z
  .discriminatedUnion("kind", [
    existingHostProps.extend({ kind: z.literal("existing") }),
    z.strictObject({ kind: z.literal("local") }),
  ])
  .describe("Host.existing({...}) or Host.local()") as z.ZodType<Host, Host>;

function isIpv6(text: string): boolean {
  const [address = "", zone = "", more] = text.split("%");
  return address.includes(":") && ipaddr.IPv6.isValid(address) && /^[A-Za-z0-9._-]*$/.test(zone) && more === undefined;
}
