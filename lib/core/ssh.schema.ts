import { z } from "zod";

const KEY =
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]{16,}={0,3}( [^\n\r\0]*)?$/;

/** @internal One line of OpenSSH public key: a login key, or a host key as `ssh-keyscan` prints it. */
export const publicKey = z
  .string()
  .trim() // a key file ends with a newline
  .regex(KEY)
  .describe('the one line of an OpenSSH public key file, such as "ssh-ed25519 AAAA… me@laptop" (never a private key)');

/** @internal A login name: also one of a directory service, with capitals and dots, or of a machine, with a `$` at its end. */
export const loginName = z
  .string()
  .max(32)
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/)
  .describe('a Unix login name of at most 32 letters, digits, dots, dashes and underscores, such as "ubuntu"');

/** @internal Where a private key lies on the user's machine; only the path is kept, the key is never read. */
export const identityFile = z
  .string()
  .regex(/^(~\/|\/|\.\.?\/|[^\s~/-])[^\0\n]*$/)
  .refine((path) => !path.endsWith(".pub"))
  .describe('the path of a private key file, such as "~/.ssh/id_ed25519" (not the .pub file, not the key itself)');
