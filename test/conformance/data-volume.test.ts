// The data volume on made-up machines. The one thing that must never happen: a file system made over somebody's data.
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { MadeUpMachine } from "../support/made-up-machine";

const DEVICE = "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0abc";
const volume = ["DATA_VOLUME_ID=vol-0abc"];

interface Disk {
  /** What is at its beginning. */
  readonly content?: string;
  /** What `blkid -p` does; `$4` is TYPE, PTTYPE or UUID. */
  readonly blkid: string;
  /** Names `lsblk` prints for it. */
  readonly names?: string;
}

// blkid of a blank device: says nothing, exit 2. After mkfs it knows the new file system.
const BLANK = '[ -e "$0.made" ] || exit 2; case $5 in TYPE) echo ext4 ;; UUID) echo 1234-new ;; *) exit 2 ;; esac';

const machines: MadeUpMachine[] = [];
afterAll(() => {
  for (const made of machines) made.stop();
});

function machine(disk?: Disk): MadeUpMachine {
  const made = new MadeUpMachine("ubuntu").has("git", "rsync", "tmux", "podman", "newuidmap", "buildah", "skopeo");
  machines.push(made);
  made.program("lsblk", `case $* in *SERIAL*) : ;; *) printf '%s\\n' ${disk?.names ?? "nvme1n1"} ;; esac`);
  if (!disk) return made;
  made.file(DEVICE, disk.content ?? "");
  truncateSync(join(made.root, DEVICE), 2 << 20);
  made.program("blkid", disk.blkid);
  made.recorder("mkfs.ext4", `touch "${made.bin}/blkid.made"`);
  return made;
}

const changed = (made: MadeUpMachine) => made.calls().filter((call) => /^(mkfs|mount|umount)/.test(call));
const knows = (type: string) => `case $5 in TYPE) echo ${type} ;; UUID) echo 1234-old ;; *) exit 2 ;; esac`;

test("a blank volume gets a file system, a line in fstab and the home directories", () => {
  const made = machine({ blkid: BLANK });
  made.file("home/tester/.ssh/authorized_keys", "ssh-ed25519 AAAA me\n");
  const { code, stderr } = made.run("setup.sh", ...volume, "DATA_HOLDS=home", `DATA_MOUNT=${join(made.root, "home")}`);
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining("making an ext4 file system on the blank volume vol-0abc"),
  ]);
  expect(changed(made)).toEqual([
    `mkfs.ext4 -q -L gantry-data /${DEVICE}`,
    `mount /${DEVICE} /run/gantry-data`,
    "umount /run/gantry-data",
    "mount /home",
  ]);
  expect(made.read("etc/fstab")).toBe(
    `UUID=1234-new ${made.root}/home ext4 defaults,nofail,x-systemd.device-timeout=30 0 2\n`,
  );
  // mount is made up here, so the copy is where the volume would have been.
  expect(made.read("run/gantry-data/tester/.ssh/authorized_keys")).toBe("ssh-ed25519 AAAA me\n");
});

test("a volume of an earlier machine is mounted as it is, and lets today's key in", () => {
  const made = machine({ content: "data", blkid: knows("ext4") });
  made.file("home/tester/.ssh/authorized_keys", "ssh-ed25519 TODAY me\nssh-ed25519 BOTH me\n");
  made.file("run/gantry-data/tester/.ssh/authorized_keys", "ssh-ed25519 THEN me\nssh-ed25519 BOTH me");
  made.program("chown", ":");
  made.program("install", 'case " $* " in *" -o "*) : ;; *) exec /usr/bin/install "$@" ;; esac');
  expect(made.run("setup.sh", ...volume, `DATA_MOUNT=${join(made.root, "home")}`).code).toBe(0);
  expect(changed(made)).toEqual([`mount /${DEVICE} /run/gantry-data`, "umount /run/gantry-data", "mount /home"]);
  expect(made.read("run/gantry-data/tester/.ssh/authorized_keys")).toBe(
    "ssh-ed25519 THEN me\nssh-ed25519 BOTH me\nssh-ed25519 TODAY me\n",
  );
});

test("images go to the volume when it is not for the homes", () => {
  const made = machine({ content: "data", blkid: knows("xfs") });
  made.program("install", 'case " $* " in *" -o "*) : ;; *) exec /usr/bin/install "$@" ;; esac');
  expect(made.run("setup.sh", ...volume, "DATA_HOLDS=storage").code).toBe(0);
  expect(made.read("etc/fstab")).toBe(
    "UUID=1234-old /var/lib/gantry/data xfs defaults,nofail,x-systemd.device-timeout=30 0 2\n",
  );
  expect(made.read("home/tester/.config/containers/storage.conf")).toBe(
    '[storage]\ndriver = "overlay"\ngraphroot = "/var/lib/gantry/data/tester/storage"\n',
  );
});

test("mounted already: left alone", () => {
  const made = machine({ content: "data", blkid: "exit 1" });
  const home = join(made.root, "home");
  made.file("proc/mounts", `/dev/nvme1n1 ${home} ext4 rw 0 0\n`);
  expect(made.run("setup.sh", ...volume, "DATA_HOLDS=home", `DATA_MOUNT=${home}`).code).toBe(0);
  expect(changed(made)).toEqual([]);
});

// Each of these is somebody's data, or could be.
test.each<[string, Disk, string]>([
  ["a logical volume", { content: "LABELONE", blkid: knows("LVM2_member") }, "holds LVM2_member: nothing was changed"],
  ["an encrypted disk", { content: "LUKS", blkid: knows("crypto_LUKS") }, "holds crypto_LUKS: nothing was changed"],
  [
    "a partition table",
    { content: "gpt", blkid: "case $5 in PTTYPE) echo gpt ;; esac" },
    "holds a partition table (gpt): nothing was changed",
  ],
  [
    "an ambivalent result of blkid",
    { content: "two", blkid: "exit 8" },
    "holds something blkid cannot tell (exit 8): nothing was changed",
  ],
  [
    "a device that cannot be read",
    { blkid: "exit 4" },
    "holds something blkid cannot tell (exit 4): nothing was changed",
  ],
  [
    "a blkid that does not work",
    { blkid: "exit 127" },
    "holds something blkid cannot tell (exit 127): nothing was changed",
  ],
  [
    "a name blkid gives, but no type",
    { content: "odd", blkid: "exit 0" },
    "holds something blkid knows: nothing was changed",
  ],
  [
    "data that blkid does not know",
    { content: "raw data", blkid: "exit 2" },
    "does not begin with zeros: not formatted",
  ],
  [
    "a disk with partitions",
    { blkid: "exit 2", names: "nvme1n1 nvme1n1p1" },
    "has partitions or is in use: not formatted",
  ],
])("never makes a file system over %s", (_, disk, message) => {
  const made = machine(disk);
  const { code, stderr } = made.run("setup.sh", ...volume, "DATA_HOLDS=storage", "VERSION=1");
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(changed(made)).toEqual([]);
  expect(made.read("etc/fstab")).toBeUndefined();
  expect(made.read("home/tester/.gantry/ready")).toBeUndefined();
});

test("a dry run makes nothing of a blank volume either", () => {
  const made = machine({ blkid: BLANK });
  expect(made.run("setup.sh", "--dry-run", ...volume, "DATA_HOLDS=storage").stderr).toContain(
    "+ mkfs.ext4 -q -L gantry-data",
  );
  expect(changed(made)).toEqual([]);
});

test("a volume that is not attached, and a place that is taken", () => {
  const made = machine();
  expect(made.run("setup.sh", ...volume, "DATA_HOLDS=storage")).toMatchObject({
    code: 65,
    stderr: expect.stringContaining("volume vol-0abc is not attached to this machine"),
  });
  const taken = machine({ content: "data", blkid: knows("ext4") });
  taken.file("etc/fstab", "UUID=other /var/lib/gantry/data ext4 defaults 0 2\n");
  expect(taken.run("setup.sh", ...volume, "DATA_HOLDS=storage")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      "/etc/fstab mounts UUID=other at /var/lib/gantry/data, not this volume (UUID=1234-old)",
    ),
  });
  expect(changed(taken)).toEqual([]);
});
