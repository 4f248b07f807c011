/** A file on its way: XMLHttpRequest, because fetch does not tell how far an upload is. */

import { KEY, ORIGIN } from './options.ts'

export class UploadRefused extends Error {
  readonly status: number

  constructor(status: number) {
    super()
    this.status = status
  }
}

/** The upload's id. Rejects with UploadRefused when trying again would not help. */
export function upload(file: File, token: string, progress: (share: number) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `${ORIGIN}/w/uploads?key=${encodeURIComponent(KEY)}`)
    request.setRequestHeader('x-visitor-token', token)
    request.timeout = 120_000
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0)
    request.onload = () => {
      if (request.status === 201) resolve((JSON.parse(request.responseText) as { upload_id: string }).upload_id)
      else reject([413, 415, 422].includes(request.status) ? new UploadRefused(request.status) : new Error())
    }
    request.onerror = request.ontimeout = () => reject(new Error())
    const form = new FormData()
    form.append('file', file, file.name)
    request.send(form)
  })
}
