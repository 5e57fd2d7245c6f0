import { createParser } from 'eventsource-parser';

/**
 * Reads a `text/event-stream` to its end and hands over the data of each complete event, in order. Events and
 * characters may be split anywhere over chunks. Rejects when the connection breaks or the reader is aborted.
 */
export async function readEventStream(
  stream: ReadableStream<Uint8Array>,
  onData: (data: string) => void,
): Promise<void> {
  const parser = createParser({ onEvent: (event) => onData(event.data) });
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parser.feed(decoder.decode(value, { stream: true }));
    }
    parser.feed(decoder.decode());
  } finally {
    reader.releaseLock();
  }
}
