import { expanded, Mount, pinned, renderContainerfile, Step } from "../../lib/image";

const digest = `sha256:${"a".repeat(64)}`;

test("every kind of step, once", () => {
  const python = pinned("docker.io/library/python:3.11-slim", digest);
  const text = renderContainerfile({
    args: { BASE_IMAGE: null, TAG: "it's 1" },
    stages: [
      {
        name: "base",
        from: python,
        platform: "linux/arm64",
        steps: [
          Step.comment("first\nsecond"),
          Step.arg("TAG"),
          Step.arg("LEVEL", "info"),
          Step.env({ HOME: "/root", PATH: expanded("/opt/bin:${PATH}"), PRICE: "$5 \\ 'each'" }),
          Step.label({ "org.opencontainers.image.title": "a\nb" }),
          Step.run(["sh", "-c", 'echo "$HOME"\n\u2028'], {
            mounts: [
              Mount.cache("/root/.cache", { id: "pip", sharing: "locked", uid: 0 }),
              Mount.secret("token"),
              Mount.secret("maybe", { required: false, target: "/run/x" }),
              Mount.tmpfs("/tmp"),
            ],
          }),
          Step.shell(["apt-get update", "rm -rf /var/lib/apt/lists/*"], {
            mounts: [Mount.bind("/src", { source: "src" })],
          }),
          Step.workdir("/a b"),
        ],
      },
      {
        name: "final",
        from: expanded("${BASE_IMAGE}"),
        steps: [
          Step.run(["true"], { mounts: [Mount.bind("/b", { from: "base", source: "/etc" })] }),
          Step.copy(["src", "a $b"], "/app/", { owner: "dev:dev", mode: "0755" }),
          Step.copy(["/bin/sh"], "/bin/", { from: python }),
          Step.volume(["/data", "/it's"]),
          Step.expose(8000),
          Step.expose(53, "udp"),
          Step.healthcheck(["curl", "-f", "http://localhost"], {
            intervalSeconds: 5,
            timeoutSeconds: 2,
            startPeriodSeconds: 9,
            retries: 3,
          }),
          Step.user("dev"),
          Step.defaultShell(["/bin/bash", "-o", "pipefail", "-c"]),
          Step.stopSignal("SIGRTMIN+3"),
          Step.entrypoint(["/usr/bin/env", "--"]),
          Step.cmd(["$HOME"]),
        ],
      },
    ],
  });
  expect(text).toBe(String.raw`ARG BASE_IMAGE
ARG TAG='it'\''s 1'

# 3.11-slim
FROM --platform=linux/arm64 docker.io/library/python@${digest} AS base
ARG GANTRY_LF
# first
# second
ARG TAG
ARG LEVEL=info
ENV HOME=/root \
    PATH=/opt/bin:"${"${PATH}"}" \
    PRICE='$5 \ '\''each'\'''
LABEL org.opencontainers.image.title='a'"${"${GANTRY_LF}"}"'b'
RUN --mount=type=cache,id=pip,target=/root/.cache,sharing=locked,uid=0 --mount=type=secret,id=token,required=true --mount=type=secret,id=maybe,target=/run/x,required=false --mount=type=tmpfs,target=/tmp ["sh","-c","echo \"$HOME\"\n\u2028"]
RUN --mount=type=bind,source=src,target=/src apt-get update && \
    rm -rf /var/lib/apt/lists/*
WORKDIR '/a b'

FROM ${"${BASE_IMAGE}"} AS final
RUN --mount=type=bind,from=base,source=/etc,target=/b ["true"]
COPY --chown=dev:dev --chmod=0755 ["src","'a $b'","/app/"]
COPY --from=docker.io/library/python@${digest} ["/bin/sh","/bin/"]
VOLUME ["/data","'/it'\\''s'"]
EXPOSE 8000/tcp
EXPOSE 53/udp
HEALTHCHECK --interval=5s --timeout=2s --start-period=9s --retries=3 CMD ["curl","-f","http://localhost"]
USER dev
SHELL ["/bin/bash","-o","pipefail","-c"]
STOPSIGNAL SIGRTMIN+3
ENTRYPOINT ["/usr/bin/env","--"]
CMD ["$HOME"]
`);
});

test("the same text every time, whatever the order in which it was asked", () => {
  const model = { stages: [{ name: "a", from: "scratch", steps: [Step.env({ B: "1", A: "2" })] }] };
  expect(renderContainerfile(model)).toBe(renderContainerfile(structuredClone(model)));
});
