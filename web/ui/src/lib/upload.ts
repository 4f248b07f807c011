/** File upload with progress. XMLHttpRequest, because fetch reports no progress of what it sends. */
import { ApiError, NetworkError, csrfToken } from './api'
import type { Problem, StoredFile } from './types'

export interface Upload {
  done: Promise<StoredFile>
  cancel(): void
}

export function upload(file: File, onProgress: (fraction: number) => void): Upload {
  const request = new XMLHttpRequest()
  const done = new Promise<StoredFile>((resolve, reject) => {
    request.open('POST', '/api/v1/files')
    request.setRequestHeader('x-parley-csrf', csrfToken())
    request.responseType = 'json'
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total)
    }
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response as StoredFile)
      else reject(new ApiError(problemOf(request)))
    }
    request.onerror = () => reject(new NetworkError('upload'))
    request.onabort = () => reject(new DOMException('Cancelled', 'AbortError'))
    const form = new FormData()
    form.set('file', file, file.name)
    request.send(form)
  })
  return { done, cancel: () => request.abort() }
}

function problemOf(request: XMLHttpRequest): Problem {
  const title =
    request.status === 413
      ? 'This file is too large'
      : request.status === 415
        ? 'This kind of file is not accepted'
        : `The server answered ${request.status}`
  const fallback: Problem = { type: 'about:blank', title, status: request.status, code: `http_${request.status}`, detail: '' }
  return { ...fallback, ...(request.response as Partial<Problem> | null), status: request.status }
}
