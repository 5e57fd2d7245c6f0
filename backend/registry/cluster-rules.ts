import { X509Certificate } from 'node:crypto';
import {
  CLUSTER_NAME,
  type ClusterCreate,
  type ClusterTls,
  type ClusterUpdate,
  type GlobalMetrics,
} from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import { isUuid } from '../platform/uuid.ts';
import type { AddressPolicy } from '../spokes/address-policy.ts';

/**
 * What a schema cannot tell of a new cluster. Throws INVALID_CLUSTER_NAME; ADDRESS_FORBIDDEN for a URL whose literal address
 * the outbound policy refuses (names are checked again when they are connected to); VALIDATION_FAILED for a URL that
 * carries more than a place, a CA that is not a certificate, and text that cannot be stored.
 */
export function requireValidCluster(input: ClusterCreate, policy: AddressPolicy): void {
  if (!CLUSTER_NAME.test(input.name) || isUuid(input.name)) {
    throw new AppError('INVALID_CLUSTER_NAME', `${JSON.stringify(input.name.slice(0, 80))} is not a cluster name.`, {
      hint: 'Use 3 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends, and nothing that looks like an id.',
      details: { pattern: CLUSTER_NAME.source },
    });
  }
  requireValidChange(input, policy);
}

/** The same of the fields that change; what stays has been checked when it came. */
export function requireValidChange(input: ClusterUpdate, policy: AddressPolicy): void {
  requireStorable('display_name', input.display_name);
  requireStorable('region', input.region ?? undefined);
  for (const [key, value] of Object.entries(input.labels ?? {})) requireStorable(`labels.${key}`, value);
  requirePlace('api_server_url', input.api_server_url, policy);
  for (const [name, url] of Object.entries(input.endpoints ?? {})) requirePlace(`endpoints.${name}`, url, policy);
  requirePlace('global_metrics.url', input.global_metrics?.url, policy);
  requireHubLabel(input.global_metrics ?? undefined);
  requireTls('tls', input.tls);
  for (const [name, options] of Object.entries(input.endpoint_options ?? {})) {
    requireTls(`endpoint_options.${name}.tls`, options?.tls);
    requireHeaderText(`endpoint_options.${name}.tenant`, options?.tenant);
  }
}

/** The label stands in queries as it is; a series without it belongs to nobody, so no value is no cluster. */
function requireHubLabel(hub: GlobalMetrics | undefined): void {
  if (!hub) return;
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(hub.cluster_label))
    throw invalid('global_metrics.cluster_label', 'must be a label name: letters, digits, underscore');
  if (hub.cluster_value === '') throw invalid('global_metrics.cluster_value', 'must not be empty');
  requireStorable('global_metrics.cluster_value', hub.cluster_value);
}

function requireTls(field: string, tls: ClusterTls | undefined): void {
  requireStorable(`${field}.server_name`, tls?.server_name);
  if (tls?.ca !== undefined) requireCertificates(`${field}.ca`, tls.ca);
}

/** Goes out as the value of a header: visible ASCII and inner spaces (RFC 9110 §5.5). */
function requireHeaderText(field: string, text: string | undefined): void {
  if (text !== undefined && !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text))
    throw invalid(field, 'must be visible ASCII, as it is sent in a header');
}

/** A user name would be shown wherever the URL is; a query or fragment would be lost without a word when a path is added. */
function requirePlace(field: string, text: string | undefined, policy: AddressPolicy): void {
  if (text === undefined) return;
  policy.checkUrl(text);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw invalid(field, 'must not carry a user name or password; set credentials instead');
  if (url.search !== '' || url.hash !== '') throw invalid(field, 'must not have a query or a fragment');
}

function requireStorable(field: string, text: string | undefined): void {
  if (text !== undefined && (text.includes('\u0000') || !text.isWellFormed()))
    throw invalid(field, 'must not hold NUL or half a character');
}

/** PEM text with at least one certificate, each of which parses. */
function requireCertificates(field: string, pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || !blocks.every(isCertificate))
    throw invalid(field, 'must be one or more certificates in PEM form');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function invalid(field: string, problem: string): AppError {
  return new AppError('VALIDATION_FAILED', `${field} ${problem}.`, {
    details: { issues: [{ field, message: problem }] },
  });
}
