import { z } from 'zod';

/** The name of a namespace (RFC 1123 label); left out = all of them. */
export const NamespaceArg = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'a namespace: lower-case letters, digits, dashes')
  .optional();
