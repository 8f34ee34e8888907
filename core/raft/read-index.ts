/** Tickets of a leader for linearizable reads (thesis §6.4). */
export type ReadRounds = Readonly<{ round: number }>;
