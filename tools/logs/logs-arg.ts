export { areNamed } from '../clusters-arg.ts';

export const LOGS_RENAME = { cluster_ids: 'clusters', start_time: 'start', end_time: 'end' };
