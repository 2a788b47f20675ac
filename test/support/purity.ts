// Traps on everything outside the construct tree. Whatever a constructor read from disk, clock, environment or network
// would make two syntheses differ.
import childProcess from "node:child_process";
import dns from "node:dns";
import fs from "node:fs";
import net from "node:net";

/**
 * Names what `action` touches: disk, processes, network, clock, chance, environment. Run it once before, so that all
 * modules are loaded. What is trapped throws, but for clock, chance, environment and working directory.
 */
export function touchedBy(action: () => void): string[] {
  const touched: string[] = [];
  const forbid = (name: string, owner: object) => {
    for (const [key, value] of Object.entries(owner)) {
      if (typeof value !== "function" || /^[A-Z]/.test(key)) continue;
      jest.spyOn(owner as Record<string, () => unknown>, key).mockImplementation(() => {
        touched.push(`${name}.${key}`);
        throw new Error(`${name}.${key} while declaring`);
      });
    }
  };
  const { env } = process;
  jest.spyOn(process, "cwd").mockImplementation(() => {
    touched.push("process.cwd");
    return "/";
  });
  forbid("fs", fs);
  forbid("fs.promises", fs.promises);
  forbid("child_process", childProcess);
  forbid("net", net);
  forbid("dns", dns);
  jest.spyOn(Date, "now").mockImplementation(() => {
    touched.push("Date.now");
    return 0;
  });
  jest.spyOn(Math, "random").mockImplementation(() => {
    touched.push("Math.random");
    return 0;
  });
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: [], newTarget) => {
      if (args.length === 0) touched.push("new Date()");
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  process.env = new Proxy(env, {
    get: (target, key, receiver) => {
      touched.push(`env.${String(key)}`);
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  try {
    action();
  } catch (error) {
    if (touched.length === 0) throw error;
  } finally {
    process.env = env;
    globalThis.Date = RealDate;
    jest.restoreAllMocks();
  }
  return touched;
}
