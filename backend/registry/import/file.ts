import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ClusterCreate, ClusterCredentials, type ClusterUpdate } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { SourceState, Wanted } from './plan.ts';

const MAX_CHARS = 16 * 1024 * 1024;
/** A kubeconfig is the longest that they hold. */
const MAX_CREDENTIALS_CHARS = 2 * 1024 * 1024;
const File = z.strictObject({
  clusters: z.array(
    z.looseObject({ name: z.string().max(253), credentials_file: z.string().min(1).max(4096).optional() }),
  ),
});

/**
 * The declared fleet: `clusters:`, each with the fields of a registration, and `credentials_file` for where its credentials are. The file decides every field of its clusters, left
 * out ones being their defaults, but for a platform that it does not name, which discovery finds. A file with any mistake is
 * refused as a whole with VALIDATION_FAILED, so that a slip never takes clusters away.
 */
export function wantedOfFile(text: string): SourceState {
  const parsed = File.safeParse(yamlOf(text));
  if (!parsed.success) throw refused(where('', parsed.error.issues[0]));
  const names = new Set<string>();
  const wanted = parsed.data.clusters.map(({ credentials_file, ...entry }, index): Wanted => {
    const input = ClusterCreate.safeParse(entry);
    if (!input.success) throw refused(where(`clusters.${index} (${entry.name.slice(0, 80)}): `, input.error.issues[0]));
    if (names.has(input.data.name)) throw refused(`clusters.${index}: ${input.data.name} stands there twice`);
    names.add(input.data.name);
    return {
      source_key: input.data.name,
      input: input.data,
      patch: () => patchOf(input.data, 'platform' in entry),
      ...(credentials_file === undefined ? {} : { credentials_file }),
    };
  });
  return { wanted, unusable: [] };
}

/**
 * A credentials file: one document of YAML or JSON, the fields of set_cluster_credentials. Throws CREDENTIALS_INVALID with the
 * field that is wrong and never its value.
 */
export function credentialsOfFile(text: string, file: string): ClusterCredentials {
  const document = text.length > MAX_CREDENTIALS_CHARS ? undefined : parseDocument(text, { prettyErrors: false });
  const content: unknown = document && document.errors.length === 0 ? document.toJS({ maxAliasCount: 0 }) : undefined;
  const parsed = ClusterCredentials.safeParse(content);
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map(({ path }) => path.map(String).join('.') || 'the document'))];
  throw new AppError(
    'CREDENTIALS_INVALID',
    `${file} holds no credentials: ${fields.slice(0, 5).join(', ')} is wrong.`,
    {
      details: { issues: fields.slice(0, 20).map((field) => ({ field, message: 'is missing or wrong' })) },
      hint: 'It is YAML or JSON with auth_type and the fields of set_cluster_credentials.',
    },
  );
}

function patchOf(
  { name, platform, display_name = name, region = '', global_metrics, ...rest }: ClusterCreate,
  says: boolean,
): ClusterUpdate {
  return {
    ...rest,
    display_name,
    region: region === '' ? null : region,
    global_metrics: global_metrics ?? null,
    ...(says ? { platform } : {}),
  };
}

function yamlOf(text: string): unknown {
  if (text.length > MAX_CHARS) throw refused(`it is larger than ${MAX_CHARS} characters`);
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true });
  const error = document.errors[0];
  if (error) throw refused(`it is not YAML: ${error.code} at character ${error.pos[0]}`);
  try {
    const content: unknown = document.toJS({ maxAliasCount: 0 });
    return content;
  } catch (cause) {
    throw refused('it uses YAML aliases', cause);
  }
}

function where(begin: string, issue: { path: PropertyKey[]; message: string } | undefined): string {
  return `${begin}${issue?.path.map(String).join('.') || 'the document'}: ${issue?.message ?? 'is wrong'}`;
}

function refused(what: string, cause?: unknown): AppError {
  return new AppError('VALIDATION_FAILED', `The clusters file was not applied: ${what}.`, {
    details: { issues: [{ field: 'clusters_file', message: what }] },
    cause,
  });
}
