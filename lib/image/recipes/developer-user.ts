import { z } from "zod";
import { parseValue } from "../../core/props";
import type { ContainerfileStep } from "../containerfile.model";
import { Step } from "../step";

/** Who {@link developerUser} adds. */
export interface DeveloperUserProps {
  /** @default "developer" */
  readonly name?: string;
  /** Number of the user and of its group. Ubuntu 24.04 has a user 1000 already. @default 1001 */
  readonly uid?: number;
  /** @default "/bin/bash" */
  readonly shell?: string;
  /** Whether it may become root without a password; `sudo` must be installed. @default false */
  readonly sudo?: boolean;
}

const developerUserProps = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/)
    .describe("a login name of lower-case letters, digits, dashes and underscores")
    .default("developer"),
  uid: z.int().min(1).max(60_000).default(1001),
  shell: z
    .string()
    .regex(/^\/[A-Za-z0-9._/-]+$/)
    .describe('an absolute path, such as "/bin/bash"')
    .default("/bin/bash"),
  sudo: z.boolean().default(false),
});

/**
 * A user to work as, with a home directory. Later steps still run as root until `Step.user`.
 *
 * @throws GantryError for a name that is none.
 */
export function developerUser(props: DeveloperUserProps = {}): ContainerfileStep[] {
  const { name, uid, shell, sudo } = parseValue("developerUser", developerUserProps, props);
  const rights = [`echo '${name} ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/${name}`, `chmod 0440 /etc/sudoers.d/${name}`];
  return [
    Step.shell([
      `groupadd --gid ${uid} ${name}`,
      `useradd --create-home --uid ${uid} --gid ${uid} --shell ${shell} ${name}`,
      ...(sudo ? rights : []),
    ]),
  ];
}
