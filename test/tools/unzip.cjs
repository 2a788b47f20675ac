// Unpacks a zip archive of the Go module proxy: no links, no modes, no encryption, less than 4 GiB.
const fs = require("node:fs");
const path = require("node:path");
const zlib = require("node:zlib");

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const DEFLATED = 8;

/** Unpacks what is below `prefix` into `dir`, without the prefix. */
function unzip(archive, prefix, dir) {
  let end = archive.length - 22;
  while (archive.readUInt32LE(end) !== END) end--;
  let at = archive.readUInt32LE(end + 16);
  while (archive.readUInt32LE(at) === ENTRY) {
    const method = archive.readUInt16LE(at + 10);
    const size = archive.readUInt32LE(at + 20);
    const lengths = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const local = archive.readUInt32LE(at + 42);
    const name = archive.toString("utf8", at + 46, at + 46 + lengths[0]);
    at += 46 + lengths[0] + lengths[1] + lengths[2];
    if (!name.startsWith(prefix) || name.endsWith("/")) continue;

    const target = path.join(dir, name.slice(prefix.length));
    if (!target.startsWith(dir + path.sep)) throw new Error(`${name}: outside of the archive`);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const bytes = archive.subarray(start, start + size);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, method === DEFLATED ? zlib.inflateRawSync(bytes) : bytes);
  }
}

module.exports = { unzip };
