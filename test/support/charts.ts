// The tests' own chart as archives: the same bytes every time, and with whatever a test wants to be wrong with it.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";

const SOURCE = join(__dirname, "../fixtures/charts/tiny");

/** Content by path; a link by what it points to. */
export type ArchiveFiles = Readonly<Record<string, string | { readonly link: string }>>;

/** The files of the chart `tiny`, by their path in an archive, with the version put in. */
export function tinyChart(version = "1.0.0", name = "tiny"): Record<string, string> {
  const entries = readdirSync(SOURCE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => relative(SOURCE, join(entry.parentPath, entry.name))).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const text = readFileSync(join(SOURCE, path), "utf8");
      const own = path === "Chart.yaml" ? text.replace("1.0.0", version).replace("name: tiny", `name: ${name}`) : text;
      return [`${name}/${path}`, own];
    }),
  );
}

/** A `.tgz` of these files. */
export function archiveOf(files: ArchiveFiles): Buffer {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const body = Buffer.from(typeof content === "string" ? content : "");
    const header = Buffer.alloc(512);
    header.write(path, 0);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        ", 148);
    header.write(typeof content === "string" ? "0" : "2", 156);
    if (typeof content !== "string") header.write(content.link, 157);
    header.write("ustar\0", 257);
    header.write("00", 263);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export const sha256 = (data: Buffer | string) => createHash("sha256").update(data).digest("hex");

/** The digest of an unpacked chart. */
export function treeOf(files: Readonly<Record<string, string>>): string {
  const lines = Object.entries(files).map(([path, text]) => [path.slice(path.indexOf("/") + 1), sha256(text)] as const);
  lines.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return sha256(lines.map(([path, digest]) => `${digest}  ${path}\n`).join(""));
}
