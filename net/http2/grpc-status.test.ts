// What a call says of itself in its headers.

import { describe, expect, it } from "vitest";
import { readCallHead } from "./grpc-status.ts";
import { createField } from "./hpack/header-field.ts";

describe("a call's token", () => {
  it.each([
    ["none", {}, ""],
    ["as etcd's client shows it", { token: "abc.7" }, "abc.7"],
    ["as a gateway shows it", { authorization: "abc.7" }, "abc.7"],
    ["as the rest of the world shows it", { authorization: "Bearer a.b.c" }, "a.b.c"],
    ["twice: etcd's own name counts", { authorization: "a", token: "b" }, "b"],
  ] as const)("%s", (_, shown, token) => {
    const head = { ":method": "POST", ":path": "/a/b", "content-type": "application/grpc" };
    const fields = Object.entries({ ...head, ...shown }).map(([name, value]) =>
      createField(name, value),
    );
    expect(readCallHead(fields)).toMatchObject({ token });
  });
});
