// A made-up Linux machine for the setup program: system files below a directory, and a PATH on which everything that would
// change a real machine only writes down how it was called.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Ran } from "./standin";

const SCRIPTS = join(__dirname, "../../lib/builder/scripts/host");

/** Harmless programs that the setup may really use. */
const REAL =
  "bash sh awk cat chmod cmp cp cut dirname env grep head install ls mkdir mktemp mv printf readlink rm sed sha256sum sleep sort tail timeout touch tr true xargs";

// Programs that a package brings, as far as the setup looks for them.
const PROVIDES: Readonly<Record<string, string>> = {
  uidmap: "newuidmap",
  "shadow-utils": "newuidmap",
  "docker.io": "docker",
  "docker-ce": "docker",
  "moby-engine": "docker",
  gnupg: "gpg",
  gnupg2: "gpg",
  "nvidia-open": "nvidia-smi",
  "nvidia-driver-cuda": "nvidia-smi",
  "nvidia-container-toolkit": "nvidia-ctk",
};

/** `os-release` of the systems the setup knows. */
export const SYSTEMS = {
  ubuntu: 'ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04.3 LTS"\n',
  debian: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n',
  rhel9: 'ID="rhel"\nVERSION_ID="9.6"\nPRETTY_NAME="Red Hat Enterprise Linux 9.6"\n',
  rhel10: 'ID="rhel"\nVERSION_ID="10.1"\nPRETTY_NAME="Red Hat Enterprise Linux 10.1"\n',
  rocky: 'ID="rocky"\nVERSION_ID="9.5"\nPRETTY_NAME="Rocky Linux 9.5"\n',
  amzn2023: 'ID="amzn"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023.9"\n',
  fedora: 'ID=fedora\nVERSION_ID=44\nPRETTY_NAME="Fedora Linux 44"\n',
  arch: 'ID=arch\nPRETTY_NAME="Arch Linux"\n',
} as const;

/** A machine on which nothing real happens. */
export class MadeUpMachine {
  readonly root = mkdtempSync(join(tmpdir(), "gantry-machine-"));
  readonly home = join(this.root, "home/tester");
  readonly bin = join(this.root, "bin");
  private readonly log = join(this.root, "calls");

  constructor(system: keyof typeof SYSTEMS, { kernel = "6.8.0-1024-aws", systemd = true } = {}) {
    for (const dir of [this.bin, this.home, join(this.root, "etc"), join(this.root, "proc/sys/kernel/random")])
      mkdirSync(dir, { recursive: true });
    if (systemd) mkdirSync(join(this.root, "run/systemd/system"), { recursive: true });
    for (const name of REAL.split(" "))
      symlinkSync(execFileSync("bash", ["-c", `type -P ${name}`], { encoding: "utf8" }).trim(), join(this.bin, name));
    this.file("etc/os-release", SYSTEMS[system]);
    this.file("proc/mounts", "");
    this.file("proc/sys/kernel/random/boot_id", "boot-1\n");
    this.file("etc/subuid", "someone:524288:65536\n");
    this.file("etc/subgid", "someone:524288:65536\n");
    this.program("id", 'case $1 in -un) echo tester ;; -u) echo 1000 ;; -nG) echo "tester wheel" ;; esac');
    this.program("uname", `case $1 in -m) echo x86_64 ;; -r) echo ${kernel} ;; *) echo Linux ;; esac`);
    this.program("sudo", 'shift; exec "$@"');
    for (const name of ["systemctl", "loginctl", "usermod", "modprobe", "mount", "umount", "mkfs.ext4", "reboot"])
      this.recorder(name);
    // No unit of NVIDIA's until a test says so.
    this.recorder("systemctl", '[ "$1" != cat ]');
    for (const name of ["apt-get", "dnf"]) this.recorder(name, INSTALL(this.bin));
    this.program("curl", CURL);
    this.program("gpg", GPG);
    // Only the repository keys of which a digest is pinned are looked at with it.
    this.program(
      "sha256sum",
      `text=$(cat); case $text in *CDF6BA43*) echo afbea87d3b979b3788ef34223aeeb323ade481128e2c133723ae99b8a51368bb ;; *) printf %s "$text" | cksum ;; esac`,
    );
  }

  /** Writes a file of the machine. */
  file(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Text of a file of the machine, or nothing when there is no such file. */
  read(path: string): string | undefined {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), "utf8") : undefined;
  }

  /** Puts a program on PATH. */
  program(name: string, body: string): void {
    const file = join(this.bin, name);
    rmSync(file, { force: true });
    writeFileSync(file, `#!/bin/bash\n${body}\n`);
    chmodSync(file, 0o755);
  }

  /** Puts a program on PATH that writes down how it is called, and then does `body`. */
  recorder(name: string, body = ""): void {
    this.program(name, `printf '%s\\n' "${name} $*" >>"${this.log}"\n${body}`);
  }

  remove(name: string): void {
    rmSync(join(this.bin, name), { force: true });
  }

  /** Tools that are on the machine before the setup. */
  has(...names: string[]): this {
    for (const name of names) this.recorder(name);
    return this;
  }

  /** Runs a host program of ours. */
  run(program: string, ...args: string[]): Ran {
    const done = spawnSync("bash", [join(SCRIPTS, program), ...args], {
      encoding: "utf8",
      env: {
        PATH: this.bin,
        HOME: this.home,
        TMPDIR: this.root,
        GANTRY_SYSROOT: this.root,
        GANTRY_PROC: join(this.root, "proc"),
        GANTRY_RETRY_SECONDS: "0",
      },
    });
    return { code: done.status ?? 255, stdout: done.stdout, stderr: done.stderr };
  }

  /** How the programs were called since the last time this was asked. */
  calls(): string[] {
    const text = existsSync(this.log) ? readFileSync(this.log, "utf8") : "";
    rmSync(this.log, { force: true });
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.replaceAll(this.root, ""));
  }

  stop(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

// A package manager that has every package, except those named in the file `missing`.
const INSTALL = (bin: string) => `
missing=$(cat "${bin}/../missing" 2>/dev/null)
case " $* " in *" install "*) ;; *) exit 0 ;; esac
for word; do
  case " $missing " in *" $word "*) echo "no package $word" >&2; exit 1 ;; esac
done
for word; do
  tool=$word
  case $word in
${Object.entries(PROVIDES)
  .map(([name, tool]) => `    ${name}) tool=${tool} ;;`)
  .join("\n")}
  esac
  case $tool in
    podman | buildah | skopeo | git | rsync | tmux | newuidmap | docker | nvidia-smi) body=: ;;
    nvidia-ctk) body='case "$*" in --version) echo "NVIDIA Container Toolkit CLI version 1.20.1" ;; "cdi list") echo nvidia.com/gpu=0 ;; esac' ;;
    *) continue ;;
  esac
  [ -e "${bin}/$tool" ] || { printf '#!/bin/bash\\nprintf "%%s\\\\n" "%s $*" >>"%s"\\n%s\\n' "$tool" "${bin}/../calls" "$body" >"${bin}/$tool"; chmod 755 "${bin}/$tool"; }
done`;

// A download is a file that says where it is from.
const CURL = `
while [ $# -gt 1 ]; do
  case $1 in -o) out=$2; shift ;; esac
  shift
done
echo "key of $1" >"$out"`;

const GPG = `
for file; do :; done
case $(cat "$file") in
  *EVIL*) fpr=0000000000000000000000000000000000000000 ;;
  *3bf863cc.pub) fpr=EB693B3035CD5710E231E123A4B469963BF863CC ;;
  *D42D0685.pub) fpr=610C7B14E068A878070DA4E99CD0A493D42D0685 ;;
  *73CD9B30.pub) fpr=129994480EC63D2789BC98E490DFED2F73CD9B30 ;;
  *libnvidia-container/gpgkey) fpr=C95B321B61E88C1809C4F759DDCAE044F796ECB0 ;;
  *EPEL-8) fpr=94E279EB8D8F25B21810ADF121EA45AB2F86D6A1 ;;
  *EPEL-9) fpr=FF8AD1344597106ECE813B918A3872BF3228467C ;;
  *EPEL-10) fpr=7D8D15CBFC4E62688591FB2633D98517E37ED158 ;;
  *docker.com*) fpr=060A61C51B558A7F742B77AAC52FEB6B621E9F35 ;;
esac
printf 'pub:-:4096:1:X:1:::-:::\\nfpr:::::::::%s:\\n' "$fpr"`;
