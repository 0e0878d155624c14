// @vitest-environment jsdom
import { afterEach, expect, test, vi } from 'vitest';
import { ApiProblem, caller, client, tagged, unwrap } from './client';

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(body === null ? null : JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
  });

const asked: Request[] = [];
function daemon(response: Response) {
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(request);
    return Promise.resolve(response);
  });
}

afterEach(() => {
  asked.length = 0;
  caller.csrfToken = caller.tenant = caller.bearer = null;
  caller.onSessionOver = () => {};
  vi.unstubAllGlobals();
});

test('changes carry the CSRF token, reads do not, and all but the list of tenants name the tenant', async () => {
  caller.csrfToken = 'secret';
  caller.tenant = 'acme';
  daemon(answer(200, {}));
  await unwrap(client.GET('/destinations', { fetch }));
  daemon(answer(200, {}));
  await unwrap(client.POST('/dead-letters:replay', { body: { filter: {} }, fetch }));
  daemon(answer(200, {}));
  await unwrap(client.GET('/tenants', { fetch }));
  expect(asked.map((request) => request.headers.get('X-CSRF-Token'))).toEqual([null, 'secret', null]);
  expect(asked.map((request) => request.headers.get('X-Tenant-Id'))).toEqual(['acme', 'acme', null]);
});

test("a portal link's session comes as a bearer", async () => {
  caller.bearer = 'secret';
  daemon(answer(200, {}));
  await unwrap(client.GET('/destinations', { fetch }));
  expect(asked[0]?.headers.get('Authorization')).toBe('Bearer secret');
});

test('ids go into the path, lists into one parameter', async () => {
  daemon(answer(200, {}));
  await unwrap(client.GET('/deliveries', { params: { query: { state: ['failed', 'dead_lettered'] } }, fetch }));
  daemon(answer(200, {}));
  await unwrap(client.POST('/dead-letters/{id}:replay', { params: { path: { id: '018f' } }, fetch }));
  expect(asked[0]?.url).toMatch(/\/api\/v1\/deliveries\?state=failed,dead_lettered$/);
  expect(asked[1]?.url).toMatch(/\/api\/v1\/dead-letters\/018f:replay$/);
});

test('a problem document becomes a problem', async () => {
  const document = {
    type: 'urn:oneprotect:problem:invalid-content',
    title: 'The content is not valid',
    detail: 'Nothing was changed',
    errors: [{ field: 'name', message: 'is missing' }],
  };
  daemon(answer(422, document));
  const failure = await unwrap(client.GET('/policy', { fetch })).catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(ApiProblem);
  expect(failure).toMatchObject({ status: 422, code: 'invalid-content', message: 'Nothing was changed' });
  expect((failure as ApiProblem).fields).toEqual(document.errors);
});

test('no answer is a problem too, and 401 ends the session', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')));
  await expect(unwrap(client.GET('/policy', { fetch: globalThis.fetch }))).rejects.toMatchObject({ status: 0 });
  const over = vi.fn();
  caller.onSessionOver = over;
  daemon(answer(401, {}));
  await expect(unwrap(client.GET('/policy', { fetch }))).rejects.toMatchObject({ status: 401 });
  expect(over).toHaveBeenCalledOnce();
});

test('the ETag comes with the body', async () => {
  daemon(answer(200, { policy: {} }, { ETag: '"7"' }));
  expect(await tagged(client.GET('/policy', { fetch }))).toMatchObject({ etag: '"7"' });
});
