import { connect } from 'node:net';

/** A response as it came over the connection. */
export interface RawHttpResponse {
  /** 0 if the connection was closed without a response. */
  status: number;
  /** The header lines, with names in lower case. */
  headers: Record<string, string>;
  body: string;
  /** Everything that was received. */
  text: string;
}

/** Sends bytes as they are to a port of this machine, and resolves with the response when the server has closed the connection. */
export async function sendRaw(port: number, bytes: string): Promise<RawHttpResponse> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  // The server may close the connection before it has read everything.
  socket.on('error', () => {});
  socket.write(bytes, 'latin1');
  await closed;
  const [head = '', ...body] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [name = '', value = ''] = line.split(/: ?(.*)/);
    headers[name.toLowerCase()] = value;
  }
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0),
    headers,
    body: body.join('\r\n\r\n'),
    text,
  };
}

/** A request of header lines alone, after which the server closes the connection. */
export function requestHead(line: string, ...headers: string[]): string {
  return `${[line, ...headers, 'connection: close'].join('\r\n')}\r\n\r\n`;
}
