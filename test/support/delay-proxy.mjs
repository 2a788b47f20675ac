// A TCP proxy on 127.0.0.1 that holds every byte back for a while, each way.
// usage: delay-proxy.mjs TARGET_PORT MILLISECONDS     prints its port; lives until its standard input ends
// Lines on standard input: "cut" ends all connections and refuses new ones, "mend" takes them again.
import { createConnection, createServer } from "node:net";

const [target, delay] = process.argv.slice(2).map(Number);
const open = new Set();
let isCut = false;

function pump(from, to) {
  const later = (action) => setTimeout(() => !to.destroyed && action(), delay);
  from.on("data", (bytes) => later(() => to.write(bytes)));
  from.on("end", () => later(() => to.end()));
  from.on("close", () => later(() => to.destroy()));
  from.on("error", () => {}); // "close" follows
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  if (isCut) return void client.destroy();
  const upstream = createConnection({ host: "127.0.0.1", port: target, allowHalfOpen: true, noDelay: true });
  for (const socket of [client, upstream]) {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  }
  pump(client, upstream);
  pump(upstream, client);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  for (const word of text.split("\n").filter(Boolean)) {
    isCut = word === "cut";
    if (isCut) for (const socket of open) socket.resetAndDestroy();
    console.log(word);
  }
});
process.stdin.on("end", () => process.exit(0));
