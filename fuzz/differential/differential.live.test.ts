// detcd and the etcd of this machine are told the same and answer the same, but for a list of known
// differences; a difference that was planted is found; and each known one is still there.
// `npm run fuzz:etcd` goes on where this ends.

import { afterAll, describe, expect, it } from "vitest";
import { CODEC } from "../../net/wire/messages/etcd-messages.ts";
import { cleanUp, HAS_ETCD } from "../../server/live/testing.ts";
import { ServerPair, USUAL_TERMS } from "./servers.ts";
import { describeFound, hunt } from "./hunt.ts";
import { KNOWN_DIFFERENCES } from "./known/known-differences.ts";
import type { RawClient } from "./raw-client.ts";
import { readScript, writeScript } from "./steps/script.ts";
import { CALLS } from "./steps/calls.ts";

const SEED = 20261121;
const BUDGET_MS = 8_000;
const LONG_MS = 240_000; // looking for something simpler may take a while
const skipReason = HAS_ETCD ? "" : " (skipped: etcd and etcdctl are not installed)";
const servers = new ServerPair(1);

describe.skipIf(!HAS_ETCD)(`detcd beside a real etcd${skipReason}`, () => {
  afterAll(async () => {
    await servers.stop();
    await cleanUp();
  });

  it(
    "answers the same",
    async () => {
      const ground = { seed: SEED, budgetMs: BUDGET_MS };
      const { found } = await hunt(servers, ground, USUAL_TERMS);
      expect(found === null ? "" : describeFound(found)).toBe("");
    },
    LONG_MS,
  );

  it(
    "is caught at a wrong word, and a short way to it is told",
    async () => {
      const ground = { seed: SEED, budgetMs: LONG_MS };
      const { found } = await hunt(servers, ground, { ...USUAL_TERMS, alter: inattentive });
      if (found === null) throw new Error("the planted difference was not found");
      const { lines } = found.report;
      expect(lines.length, describeFound(found)).toBeLessThanOrEqual(4); // where it begins, and two or three puts
      expect(lines.at(-1)).toMatchObject({ isSame: false });
      expect(lines.at(-1)?.said).toMatch(/^put .*prevKv: true/);
      expect(readScript(writeScript(found.sequence))).toEqual(found.sequence);
    },
    LONG_MS,
  );

  it(
    "differs in every way that is known",
    async () => {
      for (const { kind, name, proof } of KNOWN_DIFFERENCES) {
        const sequence = { fresh: false, steps: proof };
        const known = kind === "unsaid" ? [] : KNOWN_DIFFERENCES;
        const { differs, excuses } = await servers.run(sequence, { ...USUAL_TERMS, known });
        expect(differs, name).toBe(kind === "unsaid");
        if (kind !== "unsaid") expect(excuses, name).toContain(name);
      }
    },
    LONG_MS,
  );
});

/** A detcd that does not know how often a key was written before. */
function inattentive(client: RawClient): RawClient {
  return {
    ...client,
    call: async (path, message, token) => {
      const answer = await client.call(path, message, token);
      const told = CODEC.decode("PutResponse", answer.bytes);
      if (path !== CALLS.put[0] || !told.ok || told.value.prevKv === null) return answer;
      const altered = { ...told.value, prevKv: { ...told.value.prevKv, version: 0 } };
      return { ...answer, bytes: CODEC.encode("PutResponse", altered) };
    },
  };
}
