import { GhcrRepository } from "../../lib/image";
import { messageOf } from "../support/project";

test("on GitHub unless it is said otherwise", () => {
  const sindri = GhcrRepository.of("pacphi/sindri");
  expect([sindri.registry, sindri.name, sindri.isGithub, sindri.isLoopback]).toEqual([
    "ghcr.io",
    "pacphi/sindri",
    true,
    false,
  ]);
  expect(`${sindri.toString()}`).toBe("ghcr.io/pacphi/sindri");
  expect(sindri.reference("base-3.0.0")).toBe("ghcr.io/pacphi/sindri:base-3.0.0");
  expect(sindri.reference("sha256:00")).toBe("ghcr.io/pacphi/sindri@sha256:00");
});

test.each([
  ["127.0.0.1:5000", true],
  ["localhost", true],
  ["localhost.example.com", false],
  ["registry.example.com:5000", false],
])("%s is on this machine: %s", (registry, isLoopback) => {
  expect(GhcrRepository.of("a/b", { registry }).isLoopback).toBe(isLoopback);
});

test("all faults at once", () => {
  expect(messageOf(() => GhcrRepository.of("Sindri:latest", { registry: "https://ghcr.io" }))).toBe(
    `GhcrRepository.of: invalid props
  name: got "Sindri:latest"; allowed: a repository as "owner/name" in lower case, without registry and tag, such as "pacphi/sindri"
  registry: got "https://ghcr.io"; allowed: a registry as "host" or "host:port", such as "ghcr.io" or "127.0.0.1:5000"`,
  );
});

test.each(["sindri", "a//b", "/a/b", "a/b/", "a/b:c", "a/b@sha256:00", "A/b"])("%j is no repository", (name) => {
  expect(messageOf(() => GhcrRepository.of(name))).toContain(`name: got ${JSON.stringify(name)}`);
});
