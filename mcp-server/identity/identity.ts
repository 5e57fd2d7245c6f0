import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiTokens } from '../../backend/access/tokens.ts';
import { type Principal, WHOLE_FLEET } from '../../backend/model/access.ts';
import { AppError } from '../../backend/model/errors.ts';

/** The person at this machine's shell: who may read the data folder may do everything in it. */
export const LOCAL_PRINCIPAL: Principal = {
  id: 'local',
  display_name: 'Local operator',
  role: 'admin',
  scope: WHOLE_FLEET,
};

export interface Identity {
  readonly mode: 'none' | 'token';
  /**
   * Turns the credential of a request into a principal. Throws AUTH_FAILED or AUTH_EXPIRED. A credential that is given is
   * always checked, also in mode `none`: a wrong token is never silently promoted to the local operator.
   */
  authenticate(bearer: string | undefined): Promise<Principal>;
}

export interface IdentityOptions {
  readonly mode: 'none' | 'token';
  readonly tokens: ApiTokens;
  /** Token of the CLI on this machine, published in the data folder's lock file. */
  readonly localToken: string;
}

export function createIdentity({ mode, tokens, localToken }: IdentityOptions): Identity {
  const localDigest = digest(localToken);
  return {
    mode,
    authenticate: async (bearer) => {
      if (bearer === undefined) {
        if (mode === 'none') return LOCAL_PRINCIPAL;
        throw new AppError('AUTH_FAILED', 'A credential is needed.', {
          hint: 'Send Authorization: Bearer <API token>; make one with: aiops token create.',
        });
      }
      if (timingSafeEqual(digest(bearer), localDigest)) return LOCAL_PRINCIPAL;
      const principal = await tokens.verify(bearer);
      if (!principal)
        throw new AppError('AUTH_FAILED', 'The API token is not valid.', {
          hint: 'Make a new one with: aiops token create.',
        });
      return principal;
    },
  };
}

/** The token of an `Authorization: Bearer` header. Throws AUTH_FAILED when the header has another form. */
export function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const match = /^Bearer +(\S{1,4096})$/i.exec(header.trim());
  if (!match) throw new AppError('AUTH_FAILED', 'The Authorization header is not of the form Bearer <token>.');
  return match[1];
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
