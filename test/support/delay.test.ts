import { createServer, type Server } from "node:net";
import { connect } from "node:net";
import { type Delay, startDelay } from "./delay";

describe("a slow network", () => {
  let echo: Server;
  let delay: Delay;
  beforeAll(async () => {
    echo = createServer((socket) => {
      socket.on("error", () => undefined).pipe(socket);
    });
    await new Promise<void>((ready) => echo.listen(0, "127.0.0.1", ready));
    const address = echo.address();
    delay = await startDelay(typeof address === "object" && address !== null ? address.port : 0, 40);
  });
  afterAll(async () => {
    await delay.stop();
    echo.close();
  });

  const say = (text: string) =>
    new Promise<string>((resolve, reject) => {
      let heard = "";
      const socket = connect(delay.port, "127.0.0.1", () => socket.end(text));
      socket.setEncoding("utf8");
      socket.on("data", (part: string) => (heard += part));
      socket.on("error", reject);
      socket.on("close", () => {
        resolve(heard);
      });
    });

  test("carries everything, in order, after a round trip", async () => {
    const text = "0123456789".repeat(100_000);
    const start = performance.now();
    expect((await say(text)) === text).toBe(true);
    expect(performance.now() - start).toBeGreaterThanOrEqual(79); // a lower bound: holds however slow the machine is
  });

  test("is gone when cut, and back when mended", async () => {
    await delay.cut();
    await expect(say("x").then((heard) => heard || Promise.reject(new Error("refused")))).rejects.toThrow();
    await delay.mend();
    expect(await say("x")).toBe("x");
  });
});
