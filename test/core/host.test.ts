import { z } from "zod";
import { Host, hostProp, type ExistingHostProps } from "../../lib/core/host";
import { parseValue } from "../../lib/core/props";
import { messageOf } from "../support/project";

const key = `ssh-ed25519 ${"A".repeat(68)}`;

test("an existing host", () => {
  expect(Host.existing({ address: "192.0.2.10" })).toEqual({ kind: "existing", address: "192.0.2.10", port: 22 });
  const all = {
    address: "gpu.example.com",
    user: "ubuntu",
    port: 2222,
    identityFile: "~/.ssh/id_ed25519",
    hostKey: `${key} me@here`,
  };
  expect(Host.existing(all)).toEqual({ kind: "existing", ...all });
  expect(Object.isFrozen(Host.existing(all))).toBe(true);
});

test("this machine", () => {
  expect(Host.local()).toEqual({ kind: "local" });
  expect(Object.isFrozen(Host.local())).toBe(true);
});

test.each([
  "host",
  "a-b.example.com",
  "_gateway",
  "10.0.0.1",
  "::1",
  "fe80::1",
  "fe80::1%eth0",
  "2001:db8::1",
  "my_host",
])("%s is an address", (address) => {
  expect(Host.existing({ address }).address).toBe(address);
});

test.each([
  "",
  "-oProxyCommand=id",
  "a b",
  "a;b",
  "user@host",
  "host:22",
  "host\n",
  "$(id)",
  "fe80::1%$(id)",
  "fe80::1%a%b",
  "[::1]",
  "é",
])("%j is none", (address) => {
  expect(messageOf(() => Host.existing({ address }))).toBe(
    `Host.existing: invalid props\n  address: got ${JSON.stringify(address)}; allowed: a host name or an IP address`,
  );
});

test.each(["ubuntu", "first.last", "Administrator", "_svc", "machine$", "a".repeat(32)])("%s is a login", (user) => {
  expect(Host.existing({ address: "h", user }).user).toBe(user);
});

test.each(["", "-oProxyCommand=id", ".a", "a b", "a;b", "a@b", "$a", "a$b", "9a", "a\n", "a".repeat(33), "é"])(
  "%j is no login",
  (user) => {
    expect(messageOf(() => Host.existing({ address: "h", user }))).toBe(
      `Host.existing: invalid props\n  user: got ${JSON.stringify(user)}; allowed: a Unix login name of at most 32 letters, digits, dots, dashes and underscores, such as "ubuntu"`,
    );
  },
);

test("all faults of a host are told together", () => {
  const props = {
    adress: "x",
    user: "Root User",
    port: 0,
    identityFile: "~/.ssh/id_ed25519.pub",
    hostKey: "-----BEGIN OPENSSH PRIVATE KEY-----",
  } as unknown as ExistingHostProps;
  expect(messageOf(() => Host.existing(props))).toBe(`Host.existing: invalid props
  address: missing; allowed: a host name or an IP address
  user: got "Root User"; allowed: a Unix login name of at most 32 letters, digits, dots, dashes and underscores, such as "ubuntu"
  port: got 0; allowed: a whole number from 1 to 65535
  identityFile: got "~/.ssh/id_ed25519.pub"; allowed: the path of a private key file, such as "~/.ssh/id_ed25519" (not the .pub file, not the key itself)
  hostKey: got a secret (not shown); allowed: the one line of an OpenSSH public key file, such as "ssh-ed25519 AAAA… me@laptop" (never a private key)
  adress: unknown property; did you mean "address"?`);
});

describe("a prop that holds a host", () => {
  const schema = z.strictObject({ host: hostProp });

  test("takes what Host makes, and the same written out", () => {
    for (const host of [Host.local(), Host.existing({ address: "h", user: "u" })]) {
      expect(parseValue("x", schema, { host }).host).toEqual(host);
    }
    expect(parseValue("x", schema, { host: { kind: "existing", address: "h" } }).host).toEqual(
      Host.existing({ address: "h" }),
    );
  });

  test("checks it as Host does", () => {
    expect(messageOf(() => parseValue("x", schema, { host: { kind: "existing", address: "-oProxyCommand=id" } }))).toBe(
      'x: invalid props\n  host.address: got "-oProxyCommand=id"; allowed: a host name or an IP address',
    );
    expect(messageOf(() => parseValue("x", schema, { host: "gpu.example.com" }))).toBe(
      'x: invalid props\n  host: got "gpu.example.com"; allowed: Host.existing({...}) or Host.local()',
    );
    expect(messageOf(() => parseValue("x", schema, { host: { kind: "ec2" } }))).toBe(
      'x: invalid props\n  host.kind: got "ec2"; allowed: one of "existing", "local"',
    );
  });
});
