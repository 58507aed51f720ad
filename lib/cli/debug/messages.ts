/**
 * Messages of the Debug Adapter Protocol, as bytes: a header with their length, an empty line, JSON.
 */

export interface Request {
  readonly seq: number;
  readonly command: string;
  // As the protocol has them for each command; each is checked where it is used.
  readonly arguments?: Record<string, unknown>;
}

/** Takes messages out of a stream of bytes. */
export class MessageReader {
  #bytes = Buffer.alloc(0);

  take(chunk: Buffer): Request[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const messages: Request[] = [];
    for (;;) {
      const header = this.#bytes.indexOf('\r\n\r\n');
      if (header < 0) return messages;
      const [, length] =
        /Content-Length: *(\d+)/i.exec(this.#bytes.toString('latin1', 0, header)) ?? [];
      if (length === undefined) throw new Error('a message without Content-Length');
      const end = header + 4 + Number(length);
      if (this.#bytes.length < end) return messages;
      messages.push(JSON.parse(this.#bytes.toString('utf8', header + 4, end)));
      this.#bytes = this.#bytes.subarray(end);
    }
  }
}

export function messageBytes(message: object): string {
  const json = JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
}
