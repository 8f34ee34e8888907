// Who speaks in the clear where TLS is spoken, and the reverse: told so in words that its side
// shows to people.

const HANDSHAKE = 0x16; // the first byte of every hello of TLS
const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;
/** Clients of HTTP/2 know its form as HTTP/1's, and try again after a while: were they spoken to in
 *  their own way, they would come back at once. */
const TO_HTTP = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
/** Clients of TLS know it by its first byte as no TLS, and say so; this is for who looks closer. */
const TO_TLS =
  "HTTP/1.0 400 Bad Request\r\n\r\nClient sent a TLS handshake to a plain port: use http://\n";

/** To the first words at a port that speaks TLS. Null: they are TLS. Empty: nothing is known to be
 *  understood. */
export function answerInTheClear(words: Uint8Array): Uint8Array | null {
  const [first = 0] = words;
  if (first === HANDSHAKE) return null;
  if (first < CAPITAL_A || first > CAPITAL_Z) return new Uint8Array(0);
  return Buffer.from(TO_HTTP);
}

/** To the first words at a plain port. Null: they are no TLS. */
export function answerToHello(words: Uint8Array): Uint8Array | null {
  return words[0] === HANDSHAKE ? Buffer.from(TO_TLS) : null;
}
