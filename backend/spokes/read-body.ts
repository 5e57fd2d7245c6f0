import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type AppError, quoteForeign } from '../model/errors.ts';
import { errorCode, spokeError } from './spoke-error.ts';

const gunzipAsync = promisify(gunzip);

/** The body, or SPOKE_ERROR as soon as it is known to be longer than the cap; `announced` is the content-length header. */
export async function readCapped(
  body: AsyncIterable<unknown>,
  maxBytes: number,
  where: string,
  announced: string | undefined,
): Promise<Buffer> {
  if (announced !== undefined && Number(announced) > maxBytes) throw overCap(where, maxBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('undici bodies are made of buffers');
    bytes += chunk.length;
    if (bytes > maxBytes) throw overCap(where, maxBytes);
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, bytes);
}

/** The decompressed body; stops at the cap, so that a small body that unpacks to a huge one costs no more than the cap. */
export async function decode(
  raw: Buffer,
  encoding: string | undefined,
  maxBytes: number,
  where: string,
): Promise<Buffer> {
  // An answer without a body (204) may carry the header all the same, as Prometheus 2.42's do.
  if (raw.length === 0 || encoding === undefined || encoding === '' || encoding === 'identity') return raw;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw spokeError(`${where} answered in the encoding ${quoteForeign(encoding, 40)}, which was not asked for.`, {
      reason: 'ENCODING',
    });
  }
  try {
    return await gunzipAsync(raw, { maxOutputLength: maxBytes });
  } catch (thrown) {
    if (errorCode(thrown) === 'ERR_BUFFER_TOO_LARGE') throw overCap(where, maxBytes);
    throw spokeError(`${where} sent a damaged gzip body.`, { reason: 'ENCODING' });
  }
}

function overCap(where: string, maxBytes: number): AppError {
  return spokeError(
    `${where} answered with more than ${Math.round(maxBytes / 1024)} KiB, which is the cap; nothing of it was used.`,
    { reason: 'TOO_LARGE', limit_bytes: maxBytes },
    'Narrow the question: fewer series, a shorter range, or a larger step.',
  );
}
