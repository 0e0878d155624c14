import type { FieldError } from '../api/client';
import type { Authorization, AuthorizationSetting } from '../api/types';

// The members of all schemes; of each scheme those that it has are sent.
export interface AuthorizationDraft {
  scheme: '' | Authorization['scheme']; // '': none
  username: string;
  header: string;
  prefix: string;
  encoding: 'hex' | 'base64';
  token_url: string; // empty: unchanged, if one is stored
  has_token_url: boolean; // one is stored
  client_id: string;
  scope: string;
  audience: string;
  client_authentication: 'basic' | 'post';
}

const none: AuthorizationDraft = {
  scheme: '',
  username: '',
  header: '',
  prefix: '',
  encoding: 'hex',
  token_url: '',
  has_token_url: false,
  client_id: '',
  scope: '',
  audience: '',
  client_authentication: 'basic',
};

export function authorizationDraftOf(existing: Authorization | null | undefined): AuthorizationDraft {
  if (!existing) return none;
  return { ...none, ...existing, token_url: '', has_token_url: existing.scheme === 'oauth2_client_credentials' };
}

export function authorizationSettingOf(draft: AuthorizationDraft): AuthorizationSetting | null {
  switch (draft.scheme) {
    case '':
      return null;
    case 'bearer':
      return { scheme: 'bearer' };
    case 'basic':
      return { scheme: 'basic', username: draft.username };
    case 'header':
      return { scheme: 'header', header: draft.header.trim(), prefix: draft.prefix };
    case 'hmac':
      return { scheme: 'hmac', header: draft.header.trim(), prefix: draft.prefix, encoding: draft.encoding };
    case 'oauth2_client_credentials':
      return {
        scheme: 'oauth2_client_credentials',
        ...(draft.token_url.trim() ? { token_url: draft.token_url.trim() } : {}),
        client_id: draft.client_id.trim(),
        scope: draft.scope.trim(),
        audience: draft.audience.trim(),
        client_authentication: draft.client_authentication,
      };
  }
}

const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

export function checkAuthorization(draft: AuthorizationDraft): FieldError[] {
  const faults: FieldError[] = [];
  const fault = (member: string, message: string) => faults.push({ field: `authorization.${member}`, message });
  if (draft.scheme === 'basic') {
    if (draft.username === '') fault('username', 'is missing');
    else if (draft.username.includes(':')) fault('username', "may not hold ':'");
  }
  if ((draft.scheme === 'header' || draft.scheme === 'hmac') && !headerName.test(draft.header.trim()))
    fault('header', 'must be the name of a header');
  if (draft.scheme === 'oauth2_client_credentials') {
    if (draft.token_url.trim() === '' && !draft.has_token_url) fault('token_url', 'is missing');
    if (draft.client_id.trim() === '') fault('client_id', 'is missing');
  }
  return faults;
}
