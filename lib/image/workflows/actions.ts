/** An action of somebody else, by the commit that its release is. */
export interface Action {
  /** `owner/name`, with the directory inside for an action that has several. */
  readonly name: string;
  /** Commit of the release, 40 hex digits. A tag can be moved to other code, a commit cannot. */
  readonly commit: string;
  /** The release, for people and for update bots; it stands behind the commit as a remark. */
  readonly version: string;
}

const CACHE = { commit: "27d5ce7f107fe9357f9df03efb73ab90386fccae", version: "v5.0.5" };

/**
 * Every action that the workflows use. Each commit was read from the release's tag in the action's own repository, and is
 * pinned with the same version by the projects named behind it.
 */
export const ACTIONS = {
  // anchore/syft, astral-sh/uv, goreleaser/goreleaser, zizmorcore/zizmor
  checkout: { name: "actions/checkout", commit: "3d3c42e5aac5ba805825da76410c181273ba90b1", version: "v7.0.1" },
  // actions/attest, anchore/sbom-action, goreleaser/goreleaser
  setupNode: { name: "actions/setup-node", commit: "820762786026740c76f36085b0efc47a31fe5020", version: "v7.0.0" },
  // sigstore/cosign
  cacheRestore: { name: "actions/cache/restore", ...CACHE },
  cacheSave: { name: "actions/cache/save", ...CACHE },
  // anchore/syft, anchore/grype, fluxcd/flux2, goreleaser/goreleaser
  sbom: { name: "anchore/sbom-action", commit: "e22c389904149dbc22b58101806040fa8d37a610", version: "v0.24.0" },
  // goreleaser/goreleaser, zizmorcore/zizmor
  attest: { name: "actions/attest", commit: "1e69f48acb82d1966a394da916b4c1698aa569d6", version: "v4.2.2" },
  // several smaller projects; newer ones use actions/attest, which it wraps
  provenance: {
    name: "actions/attest-build-provenance",
    commit: "a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32",
    version: "v4.1.0",
  },
  // sigstore/cosign, anchore/syft, anchore/grype, fluxcd/flux2, goreleaser/goreleaser
  cosign: {
    name: "sigstore/cosign-installer",
    commit: "6f9f17788090df1f26f669e9d70d6ae9567deba6",
    version: "v4.1.2",
  },
} as const satisfies Readonly<Record<string, Action>>;
