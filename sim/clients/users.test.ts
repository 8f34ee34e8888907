// The administrator lets everybody in when it leaves, however long that takes: the last read of a run is
// made by nobody in particular.

import { expect, it } from "vitest";
import { ERRORS } from "../../core/api/errors.ts";
import type { Response } from "../../core/api/request.ts";
import { decodeRequest, encodeResponse } from "../../net/wire/methods/methods.ts";
import { DEFAULT_OPTIONS } from "../options/options.ts";
import { Recorder } from "../record/recorder.ts";
import { createFates } from "../world/random.ts";
import { World } from "../world/world.ts";
import type { Call, Line, Reply } from "./client.ts";
import { Administrator } from "./users.ts";

const PATIENCE_MS = 1000;
const ENDS_AT = 500_000;
const CROWDED = 3; // so many logins find a crowd
const header = { clusterId: 1n, memberId: 1n, revision: 1, raftTerm: 1 };

it("the administrator opens the doors at last, when crowds took all of its time", () => {
  const world = new World();
  let logins = 0;
  let openedAt = 0;
  const answer = ({ path, bytes, token }: Call): Reply | null => {
    const decoded = decodeRequest(path, bytes);
    switch (decoded.ok ? decoded.value.kind : "nothing") {
      case "authenticate":
        logins += 1;
        return logins <= CROWDED ? null : response({ kind: "authenticate", token: "t" });
      case "auth_disable":
        if (token === "") return { kind: "status", ...ERRORS.UserEmpty };
        openedAt = world.now;
        return response({ kind: "auth_disable" });
      default:
        return { kind: "status", ...ERRORS.UserAlreadyExist };
    }
  };
  const line = {
    call: (_node: number, call: Call, told: (reply: Reply) => void): void => {
      const reply = answer(call);
      if (reply !== null) world.after(1, () => told(reply));
    },
    cancel: () => {},
  } as unknown as Line;
  const administrator = new Administrator([], {
    world,
    fates: createFates(1),
    options: { ...DEFAULT_OPTIONS.clients, timeoutMs: PATIENCE_MS },
    nodes: 3,
    line,
    recorder: new Recorder(
      () => world.now,
      () => {},
      () => {},
    ),
    endsAt: ENDS_AT,
    tokens: new Map(),
  });
  administrator.start();
  while (world.run());
  expect(logins).toBe(CROWDED + 1);
  expect(openedAt).toBeGreaterThan(CROWDED * PATIENCE_MS * 1000);
});

function response(answer: object): Reply {
  return { kind: "response", bytes: encodeResponse({ header, ...answer } as unknown as Response) };
}
