import ipaddr from "ipaddr.js";
import { showValue } from "./show-value";

/** A block of IPv4 or IPv6 addresses in CIDR notation, such as `10.1.0.0/24` or `fd00:1::/64`. */
export class Cidr {
  /**
   * Reads CIDR notation.
   * @throws Error for other text, and for an address with host bits set (`10.1.0.7/24`), naming the block that was meant.
   */
  static parse(text: string): Cidr {
    const wrong = (why: string) => new Error(`got ${showValue(text)}; allowed: ${why}`);
    const [, address = "", prefixText = ""] = /^([0-9A-Fa-f:.]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
    if (!isAddress(address)) throw wrong('a block in CIDR notation, such as "203.0.113.4/32" or "2001:db8::/64"');
    const ip = ipaddr.parse(address);
    const bits = ip.kind() === "ipv4" ? 32 : 128;
    const prefix = Number(prefixText);
    if (prefix > bits) throw wrong(`a prefix length from 0 to ${bits}`);
    const cidr = new Cidr(bits, toBigInt(ip.toByteArray()), prefix);
    if (cidr.address !== cidr.first) {
      throw wrong(
        `the first address of the block; write "${cidr.block().toString()}", or "${cidr.format(cidr.address)}/${bits}" for the one address`,
      );
    }
    return cidr;
  }

  /** Whether `text` is a block that {@link Cidr.parse} takes. */
  static isCidr(text: string): boolean {
    try {
      Cidr.parse(text);
      return true;
    } catch {
      return false;
    }
  }

  private readonly first: bigint;

  private constructor(
    private readonly bits: 32 | 128,
    private readonly address: bigint,
    /** Length of the network prefix in bits. */
    readonly prefix: number,
  ) {
    this.first = (address >> this.hostBits()) << this.hostBits();
  }

  /** 4 or 6. */
  get version(): 4 | 6 {
    return this.bits === 32 ? 4 : 6;
  }

  /** How many addresses the block has. */
  get size(): bigint {
    return 1n << this.hostBits();
  }

  /** Whether this is every address there is: `0.0.0.0/0` or `::/0`. */
  get isEverything(): boolean {
    return this.prefix === 0;
  }

  /**
   * Whether every address of `other` (a block, or the text of a block or of one address) is in this block.
   * @throws Error for text that is neither.
   */
  contains(other: Cidr | string): boolean {
    const block = typeof other === "string" ? single(other) : other;
    return block.bits === this.bits && block.first >= this.first && block.last <= this.last;
  }

  /** Whether the two blocks share an address. */
  overlaps(other: Cidr): boolean {
    return other.bits === this.bits && other.first <= this.last && this.first <= other.last;
  }

  /**
   * The address at `index`, counted from the first one; negative counts from the last (`-1`).
   * @throws Error when the block has no such address.
   */
  host(index: number): string {
    const offset = Number.isSafeInteger(index) ? BigInt(index) + (index < 0 ? this.size : 0n) : undefined;
    if (offset === undefined || offset < 0n || offset >= this.size)
      throw new Error(`${this.toString()} has no address ${index}; allowed: 0 to ${this.size - 1n}`);
    return this.format(this.first + offset);
  }

  /**
   * The `index`-th block of length `prefix` inside this one.
   * @throws Error when there is no such block.
   */
  subnet(prefix: number, index: number): Cidr {
    const whole = Number.isSafeInteger(prefix) && Number.isSafeInteger(index);
    const count = whole && prefix >= this.prefix && prefix <= this.bits ? 1n << BigInt(prefix - this.prefix) : 0n;
    if (!whole || index < 0 || BigInt(index) >= count)
      throw new Error(`${this.toString()} has no subnet ${index} of length /${prefix}`);
    return new Cidr(this.bits, this.first + (BigInt(index) << BigInt(this.bits - prefix)), prefix);
  }

  /** CIDR notation, IPv6 compressed as RFC 5952 says. */
  toString(): string {
    return `${this.format(this.first)}/${this.prefix}`;
  }

  private get last(): bigint {
    return this.first + this.size - 1n;
  }

  private block(): Cidr {
    return new Cidr(this.bits, this.first, this.prefix);
  }

  private hostBits(): bigint {
    return BigInt(this.bits - this.prefix);
  }

  private format(address: bigint): string {
    const hex = address.toString(16).padStart(this.bits / 4, "0");
    const bytes = (hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
    const ip = ipaddr.fromByteArray(bytes);
    return ip.kind() === "ipv6" ? (ip as ipaddr.IPv6).toRFC5952String() : ip.toString();
  }
}

function single(address: string): Cidr {
  if (address.includes("/")) return Cidr.parse(address);
  if (!isAddress(address))
    throw new Error(`got ${JSON.stringify(address)}; allowed: an IP address, or a block in CIDR notation`);
  return Cidr.parse(`${address}/${address.includes(":") ? 128 : 32}`);
}

function isAddress(text: string): boolean {
  const digits = /^[0-9A-Fa-f:.]+$/.test(text); // no zone such as %eth0
  return digits && (ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(":") && ipaddr.IPv6.isValid(text)));
}

function toBigInt(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
