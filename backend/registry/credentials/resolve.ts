import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { ClusterCredentials } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { UsableCredentials } from '../../spokes/auth.ts';
import { type UsableContext, isUsable, parseKubeconfig } from '../kubeconfig.ts';

const TOKENS = ['prometheus_token', 'alertmanager_token', 'loki_token', 'tempo_token', 'global_metrics_token'] as const;

/**
 * What is kept and used of credentials as they were given: of a kubeconfig only what its one context holds. Throws
 * CREDENTIALS_INVALID for what cannot work, and VALIDATION_FAILED for a kubeconfig with a refused field; neither quotes a secret.
 * `insecureAllowed` tells whether the cluster itself turns verification off.
 */
export function resolveCredentials(given: ClusterCredentials, insecureAllowed: boolean): UsableCredentials {
  const usable = given.auth_type === 'KUBECONFIG' ? fromKubeconfig(given, insecureAllowed) : given;
  requireUsable(usable);
  return usable;
}

function fromKubeconfig(
  given: Extract<ClusterCredentials, { auth_type: 'KUBECONFIG' }>,
  insecureAllowed: boolean,
): UsableCredentials {
  const context = chosen(allUsable(given.kubeconfig), given.context);
  if (context.insecure_skip_tls_verify && !insecureAllowed)
    throw invalid(
      `Context ${show(context.context)} has insecure-skip-tls-verify, which would show its credentials to anyone.`,
      {
        hint: "Give its CA in the kubeconfig, or set the cluster's own tls.insecure_skip_verify.",
      },
    );
  const { credentials } = context;
  if (!credentials || credentials.auth_type === 'KUBECONFIG')
    throw invalid(`Context ${show(context.context)} of the kubeconfig has no credentials.`);
  const tokens = Object.fromEntries(TOKENS.flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]]])));
  if (credentials.auth_type === 'BASIC' && Object.keys(tokens).length > 0)
    throw invalid(`A kubeconfig with user name and password takes no ${Object.keys(tokens).join(', ')}.`);
  const { ca, server_name } = context.tls;
  return {
    ...credentials,
    ...tokens,
    ...(given.expires_at === undefined ? {} : { expires_at: given.expires_at }),
    ...(ca === undefined && server_name === undefined ? {} : { api_tls: { ca, server_name } }),
  };
}

/** What is stored is used by a server, so nothing in it may ask for a program, a file or a proxy, chosen or not. */
function allUsable(kubeconfig: string): UsableContext[] {
  return parseKubeconfig(kubeconfig).map((context) => {
    if (isUsable(context)) return context;
    const { reason } = context;
    throw new AppError('VALIDATION_FAILED', `The kubeconfig is refused: ${reason}.`, {
      details: { issues: [{ field: 'kubeconfig', message: reason }] },
      ...(context.refusal.hint === undefined ? {} : { hint: context.refusal.hint }),
    });
  });
}

function chosen(contexts: readonly UsableContext[], wanted: string | undefined): UsableContext {
  const found =
    wanted === undefined
      ? (contexts.find((context) => context.current) ?? (contexts.length === 1 ? contexts[0] : undefined))
      : contexts.find((context) => context.context === wanted);
  if (found) return found;
  throw invalid(
    wanted === undefined ? 'The kubeconfig has no current context.' : `The kubeconfig has no context ${show(wanted)}.`,
    {
      hint: `Contexts: ${contexts
        .slice(0, 20)
        .map((context) => show(context.context))
        .join(', ')}.`,
    },
  );
}

function requireUsable(credentials: UsableCredentials): void {
  switch (credentials.auth_type) {
    case 'SERVICE_ACCOUNT':
      requireHeader('api_token', credentials.api_token);
      break;
    case 'MTLS':
      requirePair(credentials.client_certificate, credentials.client_key);
      break;
    case 'BASIC':
      if (credentials.username.includes(':')) throw invalid('username must not contain a colon.');
      break;
    case 'OIDC':
    case 'NONE':
      break;
    default:
      credentials satisfies never;
  }
  if (credentials.auth_type !== 'BASIC') for (const key of TOKENS) requireHeader(key, credentials[key]);
}

/** RFC 6750 §2.1: what may stand behind `Bearer`. A line break at the end is the usual mistake. */
function requireHeader(field: string, token: string | undefined): void {
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw invalid(`${field} contains spaces, line breaks or characters that cannot stand in a header.`);
}

function requirePair(certificate: string, key: string): void {
  let matches: boolean;
  try {
    matches = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    // OpenSSL's message may quote the key.
    throw invalid('client_certificate and client_key must be PEM, and the key must not have a passphrase.');
  }
  if (!matches) throw invalid('client_key does not belong to client_certificate.');
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

function invalid(message: string, options: { hint?: string } = {}): AppError {
  return new AppError('CREDENTIALS_INVALID', message, options);
}
