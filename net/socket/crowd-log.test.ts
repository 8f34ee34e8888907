import { expect, it } from "vitest";
import { createCrowdLog } from "./crowd-log.ts";

it("connections that are full are told of once a minute, with how many calls were refused", () => {
  const lines: string[] = [];
  let nowMs = 0;
  const crowd = createCrowdLog(
    7,
    (line) => lines.push(line),
    () => nowMs,
  );
  crowd("10.0.0.1:5", false);
  for (; nowMs < 59_000; nowMs += 1000) crowd("10.0.0.2:5", true);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("the connection of 10.0.0.1:5 has 7 streams open");
  nowMs = 60_000;
  crowd("10.0.0.2:5", true);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("of all clients: 60)");
});
