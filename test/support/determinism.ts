// The same stack program on two machines that have as little as possible in common.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** In the environment of both machines; must not come out anywhere. */
export const SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";

const machines = {
  here: { TZ: "UTC", LANG: "C", LC_ALL: "C", umask: "022" },
  elsewhere: { TZ: "Asia/Kathmandu", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8", umask: "077" },
};

/** Names of the two machines. */
export type Machine = keyof typeof machines;

/**
 * Runs `program` (a file that declares an app and synthesizes it) as on that machine: in a directory, a home, a time zone,
 * a language and a umask of its own, all below `work`. Returns the output directory.
 */
export function synthesizeOn(machine: Machine, program: string, work: string): string {
  const [outdir, home, cwd] = ["out", "home", "cwd"].map((name) => join(work, machine, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [outdir, home, cwd]) mkdirSync(directory, { recursive: true });
  const { umask, ...env } = machines[machine];
  const command = `umask ${umask}; exec "$0" "$@"`;
  const done = spawnSync("sh", ["-c", command, process.execPath, "-r", require.resolve("ts-node/register"), program], {
    cwd,
    encoding: "utf8",
    env: {
      ...env,
      PATH: process.env.PATH,
      HOME: home,
      USER: `user-${machine}`,
      TS_NODE_PROJECT: join(root, "tsconfig.json"),
      CDKTF_OUTDIR: outdir,
      AWS_REGION: "ap-northeast-3",
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: SECRET,
    },
  });
  if (done.status !== 0) throw new Error(`${program}: exit ${String(done.status)}\n${done.stdout}${done.stderr}`);
  return outdir;
}
