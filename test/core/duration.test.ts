import fc from "fast-check";
import { Duration } from "../../lib/core/duration";
import { messageOf } from "../support/project";

test("units", () => {
  expect(
    [Duration.seconds(90), Duration.minutes(30), Duration.hours(12), Duration.days(2)].map((d) => d.toSeconds()),
  ).toEqual([90, 1800, 43200, 172800]);
  expect([Duration.minutes(0.5), Duration.hours(1.1), Duration.days(0.7)].map((d) => d.toSeconds())).toEqual([
    30, 3960, 60480,
  ]);
});

test.each([
  ["90s", 90, "1m30s"],
  ["30m", 1800, "30m"],
  ["1h30m", 5400, "1h30m"],
  ["36h", 129600, "1d12h"],
  ["1d2h3m4s", 93784, "1d2h3m4s"],
  ["0s", 0, "0s"],
])("%s is read, and written shortest", (text, seconds, shortest) => {
  expect(Duration.parse(text).toSeconds()).toBe(seconds);
  expect(Duration.parse(text).toString()).toBe(shortest);
});

test.each(["", "30", "m", "30 m", "1.5h", "-1h", "30min", "1m1m", "1m1h", "1h\n", "PT1H", 3n])(
  "%p is refused",
  (text) => {
    expect(messageOf(() => Duration.parse(text as string))).toBe(
      `got ${typeof text === "string" ? JSON.stringify(text) : text}; allowed: a duration such as "90s", "30m", "12h", "2d" or "1h30m"`,
    );
  },
);

test.each([
  [() => Duration.seconds(-1), "Duration.seconds: got -1"],
  [() => Duration.seconds(0.5), "Duration.seconds: got 0.5"],
  [() => Duration.hours(NaN), "Duration.hours: got NaN"],
  [() => Duration.days(Infinity), "Duration.days: got Infinity"],
  [() => Duration.days(1e300), "Duration.days: got 1e+300"],
  [() => Duration.hours("1" as never), 'Duration.hours: got "1"'],
  [() => Duration.hours(true as never), "Duration.hours: got true"],
  [() => Duration.hours(1n as never), "Duration.hours: got 1"],
])("%s is refused", (make, got) => {
  expect(messageOf(make)).toBe(`${got}; allowed: a length of time of zero or more, in whole seconds`);
});

test("every duration is read back from its text", () => {
  fc.assert(
    fc.property(fc.nat(), (seconds) => Duration.parse(Duration.seconds(seconds).toString()).toSeconds() === seconds),
  );
});
