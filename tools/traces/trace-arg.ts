import { z } from 'zod';

/** Tempo drops leading zeros in places; an id without them is the same id. */
export const TraceIdArg = z
  .string()
  .regex(/^[0-9a-fA-F]{1,32}$/, 'a trace id: up to 32 hex digits')
  .transform((id) => id.toLowerCase().padStart(32, '0'));

export const TRACES_RENAME = {
  cluster_ids: 'clusters',
  start_time: 'start',
  end_time: 'end',
  service: 'service_name',
};
