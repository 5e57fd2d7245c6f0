import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../../backend/model/errors.ts';
import { isLoopback } from '../config.ts';

export interface OriginGuard {
  /** Throws PERMISSION_DENIED when Host or Origin is not one this server answers to (DNS rebinding, cross-site requests). */
  check(headers: IncomingHttpHeaders): void;
}

/**
 * Loopback names are always allowed (a page of another site cannot make a browser send them), so is the address listened on;
 * everything else must be configured. A request without Origin is not from a page.
 */
export function createOriginGuard(options: {
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}): OriginGuard {
  const hosts = new Set([options.host, ...options.allowedHosts].map((h) => h.toLowerCase()));
  const origins = new Set(options.allowedOrigins.map((o) => o.toLowerCase().replace(/\/$/, '')));
  const hostAllowed = (hostname: string) => hosts.has(hostname) || isLoopback(hostname);

  return {
    check: (headers) => {
      const hostname = hostnameOf(`http://${headers.host ?? ''}`);
      if (hostname === undefined || !hostAllowed(hostname)) {
        throw new AppError('PERMISSION_DENIED', 'The Host header names a host this server does not answer to.', {
          hint: 'Use the address that the server printed, or add the host to AIOPS_ALLOWED_HOSTS.',
        });
      }
      const { origin } = headers;
      if (origin === undefined || origins.has(origin.toLowerCase())) return;
      const page = origin === 'null' ? undefined : URL.parse(origin);
      if (page?.host.toLowerCase() === headers.host?.toLowerCase()) return;
      throw new AppError('PERMISSION_DENIED', 'The Origin of this request is not allowed.', {
        hint: 'A page of another site cannot call this server; add its origin to AIOPS_ALLOWED_ORIGINS if it should.',
      });
    },
  };
}

function hostnameOf(url: string): string | undefined {
  return URL.parse(url)?.hostname.toLowerCase();
}
