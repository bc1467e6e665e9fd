/** An event of a stream of them (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface StreamEvent {
  name: string;
  data: string;
}

/** The events of an answer, as the gateway writes them. */
export async function* parseSse(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent, void, void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = readEvent(block);
      if (event.name !== '') yield event;
    }
  }
}

/** Without a name it is a comment, which keeps the connection alive. */
function readEvent(block: string): StreamEvent {
  const event = { name: '', data: '' };
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event.name = line.slice('event:'.length).trim();
    else if (line.startsWith('data:')) event.data += line.slice('data:'.length).trim();
  }
  return event;
}
