/** From one broadcast to the next: a copy, or a correction to exactly those whom it has reached. */
import { api } from '../lib/api'
import { toast, toastError } from '../lib/toast'
import type { Broadcast } from '../lib/types'
import { keep } from './broadcasts'

type GoTo = (path: string) => void

async function made(path: string, goTo: GoTo, step: string, said: string): Promise<void> {
  try {
    const draft = await api.post<Broadcast>(path)
    keep(draft)
    toast(said)
    goTo(`broadcasts/${draft.id}/${step}`)
  } catch (error) {
    toastError('No draft was made', error)
  }
}

export const clone = ({ id }: { id: string }, goTo: GoTo): Promise<void> => made(`/broadcasts/${id}/clone`, goTo, 'who', 'A copy is ready to be changed')

export const correct = ({ id }: { id: string }, goTo: GoTo): Promise<void> =>
  made(`/broadcasts/${id}/correct`, goTo, 'what', 'Write what is right: it goes to exactly those who got the other one')
