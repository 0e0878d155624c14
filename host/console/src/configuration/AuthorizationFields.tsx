import { NativeSelect, TextInput } from '@mantine/core';
import type { FieldError } from '../api/client';
import type { Authorization } from '../api/types';
import { authorizationWords } from '../format/words';
import type { AuthorizationDraft } from './authorization_draft';
import { errorAt } from './json_schema';

type TextMember = 'username' | 'header' | 'prefix' | 'token_url' | 'client_id' | 'scope' | 'audience';

// How the host authorises requests; the secret is set on the destination's own page.
export function AuthorizationFields({
  draft,
  existing,
  errors,
  onChange,
}: {
  draft: AuthorizationDraft;
  existing: Authorization | null;
  errors: FieldError[];
  onChange: (draft: AuthorizationDraft) => void;
}) {
  const text = (member: TextMember, label: string, options: { required?: boolean; description?: string } = {}) => (
    <TextInput
      label={label}
      description={options.description}
      withAsterisk={options.required ?? false}
      autoComplete="off"
      spellCheck={false}
      value={draft[member]}
      error={errorAt(errors, `authorization.${member}`)}
      onChange={(event) => onChange({ ...draft, [member]: event.currentTarget.value })}
    />
  );
  const shownUrl = existing?.scheme === 'oauth2_client_credentials' ? existing.token_url : null;
  const ownHeader = draft.scheme === 'header' || draft.scheme === 'hmac';
  return (
    <>
      <NativeSelect
        label="Authorization"
        description="What the host adds to each request, with a secret of the destination."
        value={draft.scheme}
        error={errorAt(errors, 'authorization') ?? errorAt(errors, 'authorization.scheme')}
        data={[
          { value: '', label: 'None' },
          ...Object.entries(authorizationWords).map(([value, words]) => ({ value, label: words })),
        ]}
        onChange={(event) => onChange({ ...draft, scheme: event.currentTarget.value as AuthorizationDraft['scheme'] })}
      />
      {draft.scheme === 'basic' && text('username', 'User name', { required: true })}
      {ownHeader && text('header', 'Header', { required: true })}
      {ownHeader && text('prefix', 'Prefix', { description: 'What stands before it in the header, with its space.' })}
      {draft.scheme === 'hmac' && (
        <NativeSelect
          label="Encoding"
          value={draft.encoding}
          data={['hex', 'base64']}
          error={errorAt(errors, 'authorization.encoding')}
          onChange={(event) =>
            onChange({ ...draft, encoding: event.currentTarget.value as AuthorizationDraft['encoding'] })
          }
        />
      )}
      {draft.scheme === 'oauth2_client_credentials' && (
        <>
          {text('token_url', 'Token URL', {
            required: shownUrl === null,
            description: shownUrl
              ? `Write-only. Now ${shownUrl.fingerprint}; it stays as it is if you leave this empty.`
              : 'Write-only: later only its fingerprint is shown.',
          })}
          {text('client_id', 'Client ID', { required: true })}
          {text('scope', 'Scope')}
          {text('audience', 'Audience')}
          <NativeSelect
            label="The client authenticates itself"
            value={draft.client_authentication}
            data={[
              { value: 'basic', label: 'in the header Authorization' },
              { value: 'post', label: 'in the body' },
            ]}
            error={errorAt(errors, 'authorization.client_authentication')}
            onChange={(event) =>
              onChange({
                ...draft,
                client_authentication: event.currentTarget.value as AuthorizationDraft['client_authentication'],
              })
            }
          />
        </>
      )}
    </>
  );
}
