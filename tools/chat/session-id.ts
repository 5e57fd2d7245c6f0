import { z } from 'zod';

export const SessionId = z.uuid().describe('Chat session id');

/** An id that is well formed and names nothing, for examples of tools that need a session of the caller's own. */
export const EXAMPLE_SESSION = '00000000-0000-4000-8000-000000000000';
