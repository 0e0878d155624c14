import { expect, test } from 'vitest';
import {
  authorizationDraftOf,
  authorizationSettingOf,
  checkAuthorization,
  type AuthorizationDraft,
} from './authorization_draft';

const client = {
  scheme: 'oauth2_client_credentials',
  token_url: { fingerprint: 'ep_0123456789abcdef', scheme: 'https' },
  client_id: 'opi',
  scope: 'alerts',
  audience: '',
  client_authentication: 'post',
} as const;

test('what is shown is sent back as it was, without the token URL that stays', () => {
  expect(authorizationSettingOf(authorizationDraftOf(null))).toBeNull();
  expect(authorizationSettingOf(authorizationDraftOf({ scheme: 'bearer' }))).toEqual({ scheme: 'bearer' });
  const basic = { scheme: 'basic', username: 'bot' } as const;
  expect(authorizationSettingOf(authorizationDraftOf(basic))).toEqual(basic);
  const header = { scheme: 'header', header: 'X-Api-Key', prefix: 'Token ' } as const;
  expect(authorizationSettingOf(authorizationDraftOf(header))).toEqual(header);
  const hmac = { scheme: 'hmac', header: 'X-Signature', prefix: 'v1=', encoding: 'base64' } as const;
  expect(authorizationSettingOf(authorizationDraftOf(hmac))).toEqual(hmac);
  const { token_url: _shown, ...sent } = client;
  expect(authorizationSettingOf(authorizationDraftOf(client))).toEqual(sent);
});

test('each fault stands at its member', () => {
  const fields = (draft: AuthorizationDraft) => checkAuthorization(draft).map((fault) => fault.field);
  const draft = authorizationDraftOf(null);
  expect(fields(draft)).toEqual([]);
  expect(fields({ ...draft, scheme: 'bearer' })).toEqual([]);
  expect(fields({ ...draft, scheme: 'basic', username: 'a:b' })).toEqual(['authorization.username']);
  expect(fields({ ...draft, scheme: 'header', header: 'not a name' })).toEqual(['authorization.header']);
  expect(fields({ ...draft, scheme: 'hmac' })).toEqual(['authorization.header']);
  const oauth = { ...draft, scheme: 'oauth2_client_credentials' } as const;
  expect(fields(oauth)).toEqual(['authorization.token_url', 'authorization.client_id']);
  expect(fields({ ...authorizationDraftOf(client) })).toEqual([]);
});
