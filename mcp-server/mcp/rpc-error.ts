import type { Response } from 'express';

/** JSON-RPC error code of what the HTTP side refuses before a method is known (JSON-RPC 2.0, implementation-defined range). */
const REFUSED = -32000;

/** Answers a request that never became a JSON-RPC exchange. `code` stands for programs, the message says what to do. */
export function sendRpcError(
  res: Response,
  status: number,
  message: string,
  { code = REFUSED, data }: { code?: number; data?: Record<string, unknown> } = {},
): void {
  const error = data === undefined ? { code, message } : { code, message, data };
  res.status(status).json({ jsonrpc: '2.0', error, id: null });
}
