// A proxy in front of a registry: notes every request, and fails or dies when it is told to.
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy on 127.0.0.1. */
export interface RegistryProxy {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** `METHOD path` of every request since {@link RegistryProxy.forget}. */
  readonly requests: readonly string[];
  forget(): void;
  /** From the first request that matches on, every connection is cut; `undefined`: none. */
  dieAt(pattern: RegExp | undefined): void;
  /** Every request that matches is answered with 500; `undefined`: none. */
  failAt(pattern: RegExp | undefined): void;
  stop(): Promise<void>;
}

/** Starts a proxy for the registry at `host:port`. */
export async function startRegistryProxy(target: string): Promise<RegistryProxy> {
  const requests: string[] = [];
  let deadly: RegExp | undefined;
  let failing: RegExp | undefined;
  let dead = false;
  const [host, port] = target.split(":");
  const server = createServer((incoming, answer) => {
    const line = `${incoming.method ?? ""} ${incoming.url ?? ""}`;
    if (dead || deadly?.test(line) === true) {
      dead = true;
      incoming.socket.destroy();
      return;
    }
    requests.push(line);
    if (failing?.test(line) === true) {
      answer.writeHead(500).end();
      return;
    }
    const forwarded = request(
      { host, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (reply: IncomingMessage) => {
        answer.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(answer);
      },
    );
    forwarded.on("error", () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    forget: () => {
      requests.length = 0;
    },
    dieAt: (pattern) => {
      deadly = pattern;
      dead = false;
    },
    failAt: (pattern) => {
      failing = pattern;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
