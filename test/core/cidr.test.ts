import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { Cidr } from "../../lib/core/cidr";
import { messageOf } from "../support/project";

const notation = 'a block in CIDR notation, such as "203.0.113.4/32" or "2001:db8::/64"';

describe("reading", () => {
  test.each([
    ["10.1.0.0/24", 4, 24, 256n],
    ["203.0.113.4/32", 4, 32, 1n],
    ["0.0.0.0/0", 4, 0, 2n ** 32n],
    ["fd00:1::/64", 6, 64, 2n ** 64n],
    ["::/0", 6, 0, 2n ** 128n],
    ["::1/128", 6, 128, 1n],
  ])("%s", (text, version, prefix, size) => {
    const cidr = Cidr.parse(text);
    expect([cidr.version, cidr.prefix, cidr.size, cidr.toString()]).toEqual([version, prefix, size, text]);
    expect(cidr.isEverything).toBe(prefix === 0);
    expect(Cidr.isCidr(text)).toBe(true);
  });

  test("IPv6 is written as RFC 5952 says", () => {
    expect(Cidr.parse("FD00:0001:0:0:0:0:0:0/64").toString()).toBe("fd00:1::/64");
    expect(Cidr.parse("2001:db8:0:1:1:1:1:1/128").toString()).toBe("2001:db8:0:1:1:1:1:1/128");
  });

  test.each([
    ["10.1.0.7/24", 'the first address of the block; write "10.1.0.0/24", or "10.1.0.7/32" for the one address'],
    ["fd00::1/64", 'the first address of the block; write "fd00::/64", or "fd00::1/128" for the one address'],
    ["1.2.3.4/0", 'the first address of the block; write "0.0.0.0/0", or "1.2.3.4/32" for the one address'],
    ["10.0.0.0/33", "a prefix length from 0 to 32"],
    ["::/129", "a prefix length from 0 to 128"],
    ["10.0.0.0", notation],
    ["10.0.0.0/", notation],
    ["10.0.0.0/08", notation],
    ["10.0.0.0/-1", notation],
    ["10.0.0.0/24 ", notation],
    ["10.0.0.0/24\n", notation],
    ["10.0.0/24", notation],
    ["10.0.0.256/32", notation],
    ["010.0.0.0/8", notation],
    ["0x0a.0.0.0/8", notation],
    ["167772160/8", notation],
    ["fe80::1%eth0/128", notation],
    ["fd00:::/64", notation],
    ["example.com/32", notation],
    ["", notation],
  ])("%j is refused", (text, allowed) => {
    expect(messageOf(() => Cidr.parse(text))).toBe(`got ${JSON.stringify(text)}; allowed: ${allowed}`);
    expect(Cidr.isCidr(text)).toBe(false);
  });

  test("what is no text is no block", () => {
    expect(Cidr.isCidr(undefined as unknown as string)).toBe(false);
    expect(Cidr.isCidr(7 as unknown as string)).toBe(false);
  });
});

describe("asking", () => {
  const lab = Cidr.parse("10.1.0.0/24");

  test("contains an address, a block, the text of either", () => {
    expect([
      lab.contains("10.1.0.0"),
      lab.contains("10.1.0.255"),
      lab.contains("10.1.1.0"),
      lab.contains("::1"),
    ]).toEqual([true, true, false, false]);
    expect([lab.contains(lab), lab.contains("10.1.0.128/25"), lab.contains("10.1.0.0/23")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(messageOf(() => lab.contains("10.1.0"))).toBe(
      'got "10.1.0"; allowed: an IP address, or a block in CIDR notation',
    );
    expect(messageOf(() => lab.contains("10.1.0.1/24"))).toContain('write "10.1.0.0/24"');
  });

  test("host counts from either end", () => {
    expect([lab.host(0), lab.host(1), lab.host(-1), lab.host(-256)]).toEqual([
      "10.1.0.0",
      "10.1.0.1",
      "10.1.0.255",
      "10.1.0.0",
    ]);
    expect(Cidr.parse("fd00::/64").host(-1)).toBe("fd00::ffff:ffff:ffff:ffff");
    for (const index of [256, -257, 1.5, NaN, Infinity]) {
      expect(messageOf(() => lab.host(index))).toBe(`10.1.0.0/24 has no address ${String(index)}; allowed: 0 to 255`);
    }
  });

  test("subnet", () => {
    expect([lab.subnet(26, 3).toString(), lab.subnet(24, 0).toString(), lab.subnet(32, 255).toString()]).toEqual([
      "10.1.0.192/26",
      "10.1.0.0/24",
      "10.1.0.255/32",
    ]);
    expect(Cidr.parse("fd00::/48").subnet(64, 65535).toString()).toBe("fd00:0:0:ffff::/64");
    for (const [prefix, index] of [
      [26, 4],
      [26, -1],
      [23, 0],
      [33, 0],
      [26, 0.5],
      [25.5, 0],
      [NaN, 0],
      [26, NaN],
    ] as const) {
      expect(messageOf(() => lab.subnet(prefix, index))).toBe(
        `10.1.0.0/24 has no subnet ${String(index)} of length /${String(prefix)}`,
      );
    }
  });
});

const block = fc.boolean().chain((v4) => {
  const bits = v4 ? 32 : 128;
  return fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }), fc.integer({ min: 0, max: bits }))
    .map(([address, prefix]) => {
      const first = (address >> BigInt(bits - prefix)) << BigInt(bits - prefix);
      const bytes = Array.from({ length: bits / 8 }, (_, i) => Number((first >> BigInt(bits - 8 * (i + 1))) & 255n));
      return Cidr.parse(`${ipaddr.fromByteArray(bytes).toNormalizedString()}/${String(prefix)}`);
    });
});

describe("for all blocks", () => {
  test("the text is read back as the same block", () => {
    fc.assert(fc.property(block, (a) => Cidr.parse(a.toString()).toString() === a.toString()));
  });

  test("the ipaddr library sees the same block", () => {
    fc.assert(
      fc.property(block, (a) => {
        const [address, prefix] = ipaddr.parseCIDR(a.toString());
        expect([
          prefix,
          ipaddr.parse(a.host(0)).match(address, prefix),
          ipaddr.parse(a.host(-1)).match(address, prefix),
        ]).toEqual([a.prefix, true, true]);
      }),
    );
  });

  test("overlapping is mutual, and is one containing the other", () => {
    fc.assert(
      fc.property(block, block, (a, b) => {
        expect(a.overlaps(b)).toBe(b.overlaps(a));
        expect(a.overlaps(b)).toBe(a.contains(b) || b.contains(a));
        expect(a.contains(a) && a.overlaps(a)).toBe(true);
      }),
    );
  });

  test("subnets are inside, and do not overlap each other", () => {
    const within = block
      .filter((a) => a.prefix <= (a.version === 4 ? 24 : 120))
      .chain((a) => fc.tuple(fc.constant(a), fc.integer({ min: 1, max: 8 }), fc.nat(), fc.nat()));
    fc.assert(
      fc.property(within, ([a, extra, i, j]) => {
        const [one, two] = [i, j].map((n) => a.subnet(a.prefix + extra, n % 2 ** extra)) as [Cidr, Cidr];
        expect(a.contains(one) && a.contains(one.host(0)) && a.contains(one.host(-1))).toBe(true);
        expect(one.overlaps(two)).toBe(i % 2 ** extra === j % 2 ** extra);
      }),
    );
  });

  test("a block with host bits names the block that contains the address", () => {
    fc.assert(
      fc.property(
        block.filter((a) => a.size > 1n),
        fc.integer({ min: 1, max: 1000 }),
        (a, n) => {
          const address = a.host(Number(BigInt(n) % (a.size - 1n)) + 1);
          expect(messageOf(() => Cidr.parse(`${address}/${String(a.prefix)}`))).toContain(`write "${a.toString()}"`);
        },
      ),
    );
  });
});
