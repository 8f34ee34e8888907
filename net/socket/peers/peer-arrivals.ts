// Who has dialled this member: a few connections of each that says it is a member, and of few
// others. Those others are guests. A new member may be one, as long as this one has not applied the
// change that made it a member; so may be anybody who reaches the port. So a guest costs little: it
// is never dialled, what it is told goes out on the connection that it opened, or is lost, and when
// there are too many of them the oldest is let go. If it is honest, it comes again.

import type { Socket } from "node:net";
import type { NodeId } from "../../../core/contract.ts";
import { MESSAGE_BYTES_MAX } from "../../../core/raft/message.ts";
import type { Message } from "../../../core/raft/message.ts";
import { encodePeerMessage } from "../../wire/peers/peer-frames.ts";
import { frameOf } from "./frame-stream.ts";

const GUESTS_MAX = 8;
/** One is enough, but the other side may notice first that the last one has broken. */
const CONNECTIONS_OF_ONE_MAX = 3;
/** That wait for a guest to read them. */
const ANSWERS_BYTES_MAX = 1024 * 1024;

export class PeerArrivals {
  /** In order of their first arrival; the last connection of each is the one in use. */
  readonly #sockets = new Map<NodeId, readonly Socket[]>();
  #members: ReadonlySet<NodeId> = new Set();

  arrive(from: NodeId, socket: Socket): void {
    const sockets = this.#sockets.get(from) ?? [];
    this.#sockets.set(from, [...sockets, socket]);
    socket.once("close", () => this.#leave(from, socket));
    if (sockets.length >= CONNECTIONS_OF_ONE_MAX) sockets[0]?.destroy();
    const [oldest, ...guests] = [...this.#sockets.keys()].filter((id) => !this.#members.has(id));
    if (oldest !== undefined && guests.length >= GUESTS_MAX) this.hangUp(oldest);
  }

  setMembers(ids: readonly NodeId[]): void {
    this.#members = new Set(ids);
  }

  /** Says something to a guest, if it is still there and listens. */
  answer(to: NodeId, message: Message): void {
    const socket = this.#sockets.get(to)?.at(-1);
    if (socket === undefined || socket.writableLength > ANSWERS_BYTES_MAX) return;
    const frame = encodePeerMessage(message);
    if (frame.length <= MESSAGE_BYTES_MAX) socket.write(frameOf(frame));
  }

  hangUp(id: NodeId): void {
    for (const socket of this.#sockets.get(id) ?? []) socket.destroy();
  }

  #leave(from: NodeId, socket: Socket): void {
    const others = (this.#sockets.get(from) ?? []).filter((other) => other !== socket);
    if (others.length > 0) this.#sockets.set(from, others);
    else this.#sockets.delete(from);
  }
}
