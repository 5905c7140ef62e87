/** One message of server-sent events. */
export interface StreamEvent {
  /** Where to go on after it. */
  id: string;
  type: string;
  /** Empty where it only says where the stream is. */
  data: string;
}

/** Nothing that we send is longer. */
const lineCharactersMax = 1_048_576;

/** The messages of a body as they come. @throws RangeError for a line that no server of ours sends. */
export async function* eventsIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let event: StreamEvent = { id: '', type: 'message', data: '' };
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharactersMax) throw new RangeError('a line of the stream is too long');
    for (const line of lines) {
      if (line !== '') event = withLine(event, line);
      else {
        yield event;
        event = { id: event.id, type: 'message', data: '' };
      }
    }
  }
}

function withLine(event: StreamEvent, line: string): StreamEvent {
  const [, name, value = ''] = /^(\w+):? ?(.*)$/.exec(line) ?? [];
  switch (name) {
    case 'id':
      return { ...event, id: value };
    case 'event':
      return { ...event, type: value };
    case 'data':
      return { ...event, data: event.data === '' ? value : `${event.data}\n${value}` };
    default:
      return event;
  }
}
