import { z } from 'zod';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The name of a namespace (RFC 1123 label); left out = all of them. The pattern is not advertised: every model knows it. */
export const NamespaceArg = z
  .string()
  .refine((name) => LABEL.test(name), 'a namespace: lower-case letters, digits, dashes')
  .optional();
