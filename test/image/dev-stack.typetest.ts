// The props of DevStack and their schema say the same.
import type { DevStackProps } from "../../lib/image/dev-stack.props";
import type { devStackProps } from "../../lib/image/dev-stack.schema";
import type { Expect, SameProps } from "../support/typetest";

export type Pinned = Expect<SameProps<DevStackProps, typeof devStackProps>>;
