// A slow or broken network in front of a local port.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A port of 127.0.0.1 that leads to another one, slowly. */
export interface Delay {
  readonly port: number;
  /** The network is gone: ends all connections, refuses new ones. */
  cut(): Promise<void>;
  /** The network is back. */
  mend(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Puts `milliseconds` each way in front of a port, so twice that on a round trip. A process of its own, so that a test
 * may wait for a program with `spawnSync`.
 */
export async function startDelay(target: number, milliseconds: number): Promise<Delay> {
  const args = [join(__dirname, "delay-proxy.mjs"), String(target), String(milliseconds)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  const say = async (word: string) => {
    child.stdin.write(`${word}\n`);
    await lines.next();
  };
  return {
    port,
    cut: () => say("cut"),
    mend: () => say("mend"),
    stop: async () => {
      child.stdin.end();
      await gone;
    },
  };
}
