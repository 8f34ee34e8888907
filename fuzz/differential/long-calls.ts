// Calls that wait for what others do, and those that are answered again and again: locks,
// campaigns, and who observes an election or a member's health. After every step both servers come
// to rest, so that what each call was told by then can be compared.

import { ERRORS } from "../../core/api/errors.ts";
import type { Bytes } from "../../core/contract.ts";
import { fromBytes } from "../../core/lib/bytes.ts";
import { CODEC } from "../../net/wire/messages/etcd-messages.ts";
import type { MessageName } from "../../net/wire/messages/etcd-messages.ts";
import { pause } from "../../server/live/testing.ts";
import { CALLS, LASTING } from "./steps/calls.ts";
import type { LastingName } from "./steps/calls.ts";
import { resolve } from "./steps/bindings.ts";
import type { Ledger } from "./record.ts";
import { endOutcome } from "./steps/outcome.ts";
import type { Outcome } from "./steps/outcome.ts";
import type { RawStream } from "./raw-client.ts";
import { tokenOf } from "./pair.ts";
import type { Pair, Sides } from "./pair.ts";
import type { CallStep } from "./steps/step.ts";
import { until } from "./until.ts";

export type LastingStep = Extract<CallStep, { kind: LastingName }>;
type WaitingStep = Extract<LastingStep, { kind: "lock" | "campaign" }>;
type Open = Readonly<{ step: LastingStep; streams: Pair<RawStream> }> & { told: number };

/** Who says no more for so long is at rest. */
const REST_MS = 25;
const READS = 5;
const PATIENCE_MS = 4000;

export function isLasting(step: CallStep): step is LastingStep {
  return (LASTING as readonly string[]).includes(step.kind);
}

function isWaiting(step: LastingStep): step is WaitingStep {
  return step.kind === "lock" || step.kind === "campaign";
}

export class Lasting {
  readonly #sides: Sides;
  readonly #ledger: Ledger;
  #open: Open[] = [];

  constructor(sides: Sides, ledger: Ledger) {
    this.#sides = sides;
    this.#ledger = ledger;
  }

  get isEmpty(): boolean {
    return this.#open.length === 0;
  }

  /** Whether one of them waits for a key to go. */
  get isWaiting(): boolean {
    return this.#open.some(({ step }) => isWaiting(step));
  }

  /** Resolves when it has written what it writes before it waits. */
  async begin(step: LastingStep): Promise<void> {
    const [path, request] = CALLS[step.kind];
    const streams = await this.#sides.open(step.at, path, step.as);
    for (const side of ["ours", "theirs"] as const) {
      const message = resolve(step.message, this.#sides.base, this.#sides.given[side]);
      streams[side].say(CODEC.encode<MessageName>(request, message));
      streams[side].halfClose();
    }
    this.#ledger.noteDone(step);
    this.#open.push({ step, streams, told: 0 });
    if (!isWaiting(step)) return;
    const isSaid = (side: "ours" | "theirs"): Promise<boolean> | true =>
      isOver(streams[side]) || this.#holdsKey(side, step);
    await until(async () => (await isSaid("ours")) && (await isSaid("theirs")), PATIENCE_MS);
  }

  /** Compares what was told since. */
  async rest(): Promise<void> {
    if (this.isEmpty) return;
    const deadline = performance.now() + PATIENCE_MS;
    let before = "";
    for (;;) {
      const now = JSON.stringify(this.#open.map(({ streams }) => progress(streams)));
      const isEqual = this.#open.every(({ streams }) => {
        const [ours, theirs] = progress(streams);
        return ours === theirs || isInVain(streams.ours);
      });
      if ((isEqual && now === before) || performance.now() > deadline) break;
      before = now;
      await this.#letRest();
    }
    for (const each of this.#open) this.#tell(each);
    for (const { streams } of this.#open) if (isInVain(streams.ours)) streams.theirs.leave();
    this.#open = this.#open.filter(({ streams }) => streams.ours.end() === null);
  }

  leave(): void {
    for (const { streams } of this.#open) {
      streams.ours.leave();
      streams.theirs.leave();
    }
    this.#open = [];
  }

  /** For longer where the machine is busy: some times what a read takes. */
  async #letRest(): Promise<void> {
    const begin = performance.now();
    await this.#sides.level({ key: "\0" as Bytes });
    await pause(Math.max(REST_MS, READS * (performance.now() - begin)));
  }

  #tell(each: Open): void {
    const { step, streams } = each;
    const count = Math.max(streams.ours.heard.length, streams.theirs.heard.length);
    for (; each.told < count; each.told++) {
      const ours = this.#outcome("ours", each, each.told);
      this.#ledger.compare(step, { ours, theirs: this.#outcome("theirs", each, each.told) });
      if (step.kind === "campaign") this.#rememberReign(streams);
    }
    const [own, other] = [streams.ours.end(), streams.theirs.end()];
    if (own === null && other === null) return;
    if (own?.code === 0 && other?.code === 0) return;
    const ours = this.#outcome("ours", each, count);
    this.#ledger.compare(step, { ours, theirs: this.#outcome("theirs", each, count) });
  }

  #outcome(side: "ours" | "theirs", { step, streams }: Open, number: number): Outcome {
    const [, , response] = CALLS[step.kind];
    return endOutcome(response, streams[side], number, this.#sides.given[side]);
  }

  #rememberReign(streams: Pair<RawStream>): void {
    for (const side of ["ours", "theirs"] as const) {
      const [bytes] = streams[side].heard;
      const won = bytes === undefined ? null : CODEC.decode("CampaignResponse", bytes);
      if (won?.ok !== true || won.value.leader === null) continue;
      const { key, rev } = won.value.leader;
      this.#sides.given[side].reigns.set(key, Number(rev));
    }
  }

  async #holdsKey(side: "ours" | "theirs", step: WaitingStep): Promise<boolean> {
    const { name = "" as Bytes, lease = 0 } = step.message;
    const key = `${name}/${BigInt(lease ?? 0).toString(16)}` as Bytes;
    const client = (await this.#sides.clientsOf(step.at))[side];
    const [path, request, response] = CALLS.range;
    const token = tokenOf(this.#sides.given[side], step.as);
    const { bytes } = await client.call(path, CODEC.encode(request, { key }), token);
    const found = CODEC.decode(response, bytes);
    const value = found.ok ? found.value.kvs[0]?.value : undefined;
    if (value === undefined || step.kind === "lock") return value !== undefined;
    return fromBytes(value) === fromBytes(step.message.value ?? new Uint8Array(0));
  }
}

function isOver(stream: RawStream): boolean {
  return stream.heard.length > 0 || stream.end() !== null;
}

/** Its own key is gone: etcd does not look before those that it waits for are gone, too. */
function isInVain({ end }: RawStream): boolean {
  const words = end()?.words;
  return [ERRORS.SessionExpired.message, ERRORS.ElectionNotLeader.message].includes(words ?? "");
}

/** Of each side. */
function progress({ ours, theirs }: Pair<RawStream>): readonly [string, string] {
  return [progressOf(ours), progressOf(theirs)];
}

/** How often it was told something, and whether that was the end. */
function progressOf({ heard, end }: RawStream): string {
  return `${heard.length} ${end() !== null}`;
}
