import { z } from "zod";
import { parseValue } from "../core/props";

const cores = z.int().min(1).max(1024);
const updates = z.int().min(1).max(64);

/** How many images and resources Tilt works on at the same time. */
export class Parallelism {
  /** So many at the same time, 1 to 64. @throws GantryError for another number. */
  static of(count: number): Parallelism {
    return new Parallelism(parseValue("Parallelism.of", z.object({ count: updates }), { count }).count);
  }

  /**
   * As many as a machine with so many cores bears: 4 from 16 cores on, 2 from 8 on, else 1. A build of Rust keeps several cores
   * busy by itself. @throws GantryError for what is no number of cores.
   */
  static forCores(count: number): Parallelism {
    const { cores: given } = parseValue("Parallelism.forCores", z.object({ cores }), { cores: count });
    return new Parallelism(given >= 16 ? 4 : given >= 8 ? 2 : 1);
  }

  private constructor(
    /** Updates at the same time. */
    readonly updates: number,
  ) {}
}
