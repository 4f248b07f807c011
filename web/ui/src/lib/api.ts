/** The one door to the server's HTTP: JSON in and out, problem+json errors, CSRF and idempotency headers. */
import type { FieldProblem, Problem } from './types'

const BASE = '/api/v1'
const TIMEOUT_MS = 20_000

let csrf = ''
let onSignedOut: () => void = () => {}

export function setCsrf(token: string): void {
  csrf = token
}

export function csrfToken(): string {
  return csrf
}

export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler
}

/** The server answered, and refused. `code` is stable; the message is meant for people. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly fields: FieldProblem[]
  readonly retryAfterSeconds: number | null
  /** everything that the server said, for what only some refusals carry */
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail || problem.title)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.fields = problem.errors ?? []
    this.problem = problem
    this.retryAfterSeconds = problem.retry_after_seconds ?? null
  }

  field(name: string): string | undefined {
    return this.fields.find((problem) => problem.field === name)?.message
  }
}

/** No answer came: whether the server acted is not known, so a repeat must carry the same idempotency key. */
export class NetworkError extends Error {
  constructor(cause: unknown) {
    super('The server cannot be reached', { cause })
    this.name = 'NetworkError'
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something went wrong'
}

export async function readProblem(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: 'about:blank',
    title: `The server answered ${response.status}`,
    status: response.status,
    code: `http_${response.status}`,
    detail: '',
  }
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>), status: response.status }
  } catch {
    return fallback
  }
}

interface RequestOptions {
  body?: unknown
  signal?: AbortSignal
  /** makes a POST safe to repeat */
  idempotencyKey?: string
}

async function request<T>(method: string, path: string, { body, signal, idempotencyKey }: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && csrf) headers['x-parley-csrf'] = csrf
  if (idempotencyKey) headers['idempotency-key'] = idempotencyKey
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  let response: Response
  try {
    response = await fetch(BASE + path, {
      method,
      headers,
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new NetworkError(error)
  }
  if (!response.ok) {
    const error = new ApiError(await readProblem(response))
    if (error.code === 'signed_out') onSignedOut()
    throw error
  }
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

export const api = {
  get: <T>(path: string, signal?: AbortSignal) => request<T>('GET', path, signal ? { signal } : {}),
  post: <T>(path: string, body?: unknown, idempotencyKey?: string, signal?: AbortSignal) =>
    request<T>('POST', path, { body: body ?? {}, ...(idempotencyKey && { idempotencyKey }), ...(signal && { signal }) }),
  put: <T>(path: string, body: unknown) => request<T>('PUT', path, { body }),
  patch: <T>(path: string, body: unknown) => request<T>('PATCH', path, { body }),
  delete: <T = void>(path: string, body?: unknown) => request<T>('DELETE', path, body === undefined ? {} : { body }),
}

/** `?a=1&b=2` of what is set; empty values are left out. */
export function query(parameters: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text ? `?${text}` : ''
}
