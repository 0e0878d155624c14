import createClient, { type Middleware } from 'openapi-fetch';
import type { paths } from './schema.gen';

export interface FieldError {
  field: string;
  message: string;
  offset?: number; // in the text of the field, in characters
}

// Why a request failed, in the API's words where it has any.
export class ApiProblem extends Error {
  constructor(
    readonly status: number, // 0: there was no answer
    readonly code: string,
    message: string,
    readonly fields: FieldError[] = [],
  ) {
    super(message);
    this.name = 'ApiProblem';
  }
}

export function problemOf(failure: unknown): ApiProblem {
  if (failure instanceof ApiProblem) return failure;
  return new ApiProblem(0, 'page', failure instanceof Error ? failure.message : String(failure));
}

// What requests carry beside the cookie, and whom a 401 concerns.
export const caller = {
  csrfToken: null as string | null,
  // Whose rows the page shows. The daemon refuses it if the cookie has become another tenant's meanwhile, by a second
  // tab; a system administrator names it because it has none of its own.
  tenant: null as string | null,
  bearer: null as string | null, // of a session that a portal link began, which has no cookie
  onSessionOver: () => {},
};

const identify: Middleware = {
  onRequest({ request }) {
    if (caller.bearer) request.headers.set('Authorization', `Bearer ${caller.bearer}`);
    if (caller.csrfToken && request.method !== 'GET') request.headers.set('X-CSRF-Token', caller.csrfToken);
    if (caller.tenant && !new URL(request.url).pathname.startsWith('/api/v1/tenants'))
      request.headers.set('X-Tenant-Id', caller.tenant);
    return request;
  },
};

export const client = createClient<paths>({
  baseUrl: `${globalThis.location?.origin ?? ''}/api/v1`,
  credentials: 'same-origin',
  querySerializer: { array: { style: 'form', explode: false } },
});
client.use(identify);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

function read(status: number, body: unknown): ApiProblem {
  const document = (typeof body === 'object' && body !== null ? body : {}) as {
    type?: string;
    title?: string;
    detail?: string;
    errors?: FieldError[];
  };
  return new ApiProblem(
    status,
    document.type?.split(':').pop() ?? `http-${status}`,
    document.detail || document.title || `The daemon answered with status ${status}`,
    document.errors ?? [],
  );
}

// The answer's body and its ETag; throws ApiProblem for any other answer than a good one.
export async function tagged<T>(request: Promise<Answer<T>>): Promise<{ data: T; etag: string }> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch {
    throw new ApiProblem(0, 'unreachable', 'The daemon does not answer');
  }
  if (answer.response.ok) return { data: answer.data as T, etag: answer.response.headers.get('ETag') ?? '' };
  if (answer.response.status === 401) caller.onSessionOver();
  throw read(answer.response.status, answer.error);
}

export async function unwrap<T>(request: Promise<Answer<T>>): Promise<T> {
  return (await tagged(request)).data;
}
