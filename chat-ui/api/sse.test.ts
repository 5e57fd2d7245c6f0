import { describe, expect, it } from 'vitest';
import { readEventStream } from './sse.ts';

const BYTES = new TextEncoder().encode(
  ': keep-alive\n\nevent: content_delta\nid: 1\ndata: {"text":"größer 🚀"}\n\nevent: x\r\nid: 2\r\ndata: two\r\n\r\n',
);

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

describe('readEventStream', () => {
  it('gives the same events however the bytes are split, also within a character', async () => {
    for (let size = 1; size <= BYTES.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(BYTES.length / size) }, (_, n) =>
        BYTES.subarray(n * size, (n + 1) * size),
      );
      const seen: string[] = [];
      await readEventStream(streamOf(chunks), (data) => seen.push(data));
      expect(seen).toEqual(['{"text":"größer 🚀"}', 'two']);
    }
  });

  it('keeps an event that was cut off to itself', async () => {
    const seen: string[] = [];
    await readEventStream(streamOf([new TextEncoder().encode('data: one\n\ndata: two')]), (data) => seen.push(data));
    expect(seen).toEqual(['one']);
  });

  it('rejects when the connection breaks', async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new TypeError('reset')) });
    await expect(readEventStream(broken, () => undefined)).rejects.toThrow('reset');
  });
});
