/**
 * Keeps the drafts of this browser in step with those on the server. The browser's copy is the immediate one; the
 * server's is newer where another device, or a colleague who took it over, was the last to write.
 */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { readWritten, setWritten } from '../inbox/translating/written'
import { api } from '../lib/api'
import { readDraft, whenWritten, writeDraft, type DraftMode } from '../lib/drafts'
import { queryClient } from '../lib/query'
import { currentMe, useCan } from '../lib/session'
import { toast } from '../lib/toast'
import type { DraftEvent, Page, SharedDraft, Written } from '../lib/types'

const PREFIX = 'parley.shared-draft.'
const SAVE_AFTER_MS = 1_000
/** J runs past many: only what is looked at is asked for. */
const ASK_AFTER_MS = 300
const MODES: DraftMode[] = ['reply', 'note']

/**
 * What both sides had when they were last the same (`at` '': they never were), and what this browser is telling the
 * server: whoever reloads the page meanwhile hears no answer, and finds there what they wrote themselves.
 */
interface InStep {
  at: string
  text: string
  telling?: string
}

const saving = new Set<string>()
const timers = new Map<string, ReturnType<typeof setTimeout>>()

whenWritten((conversationId, mode) => {
  const key = `${conversationId}.${mode}`
  clearTimeout(timers.get(key))
  // What was sent ends at once: the tab may be closed, and another device must not find it.
  const wait = readDraft(conversationId, mode) === '' ? 0 : SAVE_AFTER_MS
  timers.set(
    key,
    setTimeout(() => void save(conversationId, mode), wait),
  )
})

/** Everybody's drafts in the open conversation; one's own are put in step. */
export function useSharedDrafts(conversationId: string): SharedDraft[] {
  const mayReply = useCan('inbox.reply')
  const [looked, setLooked] = useState<string | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setLooked(conversationId), ASK_AFTER_MS)
    return () => clearTimeout(timer)
  }, [conversationId])
  const { data } = useQuery({
    queryKey: ['drafts', conversationId],
    queryFn: () => api.get<Page<SharedDraft>>(`/conversations/${conversationId}/drafts`).then((page) => page.items),
    enabled: mayReply && looked === conversationId,
    staleTime: 0,
  })
  useEffect(() => {
    if (data) putInStep(conversationId, data)
  }, [conversationId, data])
  return data ?? []
}

/** Make a colleague's draft one's own, after what one has written already. */
export async function takeOver(draft: SharedDraft): Promise<void> {
  await save(draft.conversation_id, draft.mode)
  const taken = await api.post<SharedDraft>(`/drafts/${draft.id}/take-over`)
  adopt(taken)
  void queryClient.invalidateQueries({ queryKey: ['drafts'] })
}

/** A draft began, ended, or was taken over. */
export function draftChanged({ member_id: author, taken_by: taker }: DraftEvent): void {
  void queryClient.invalidateQueries({ queryKey: ['drafts'] })
  if (taker && author === currentMe()?.member.id) toast(`${taker} took over your draft`)
}

async function save(conversationId: string, mode: DraftMode): Promise<void> {
  clearTimeout(timers.get(`${conversationId}.${mode}`))
  const text = readDraft(conversationId, mode)
  const written = mode === 'reply' ? readWritten(conversationId) : null
  const known = inStep(conversationId, mode)
  const key = `${conversationId}.${mode}`
  if (text === (known?.text ?? '') || saving.has(key)) return
  saving.add(key)
  remember(conversationId, mode, { at: known?.at ?? '', text: known?.text ?? '', telling: text })
  try {
    const { draft } = await api.post<{ draft: SharedDraft | null }>(`/conversations/${conversationId}/drafts`, { mode, text, written })
    remember(conversationId, mode, draft && { at: draft.at, text })
    if (!draft || !known?.at) void queryClient.invalidateQueries({ queryKey: ['drafts', 'mine'] })
  } catch {
    // The browser has it; the next key or the next look at the conversation tries again.
    return
  } finally {
    saving.delete(key)
  }
  if (readDraft(conversationId, mode) !== text) void save(conversationId, mode)
}

function putInStep(conversationId: string, drafts: SharedDraft[]): void {
  const me = currentMe()?.member.id
  for (const mode of MODES) {
    const stored = drafts.find((draft) => draft.member_id === me && draft.mode === mode)
    let known = inStep(conversationId, mode)
    if (stored && stored.text === known?.telling) {
      known = { at: stored.at, text: stored.text }
      remember(conversationId, mode, known)
    }
    const text = readDraft(conversationId, mode)
    // What is on its way is newer than what came.
    if (saving.has(`${conversationId}.${mode}`)) continue
    const unsaved = text !== (known?.text ?? '')
    const newer = stored !== undefined && (!known || stored.at > known.at)
    if (unsaved && newer && text !== stored.text && text !== '') {
      // Written here and elsewhere: nothing of it may be lost.
      remember(conversationId, mode, { at: stored.at, text: stored.text })
      wrote(conversationId, mode, null)
      writeDraft(conversationId, mode, `${stored.text.trimEnd()}\n${text}`)
    } else if (unsaved && !newer) void save(conversationId, mode)
    else if (newer) adopt(stored)
    else if (!stored && known?.at) {
      // Sent from another device, or taken over.
      remember(conversationId, mode, null)
      wrote(conversationId, mode, null)
      writeDraft(conversationId, mode, '')
    }
  }
}

function adopt({ conversation_id: id, mode, at, text, written }: SharedDraft): void {
  remember(id, mode, { at, text })
  wrote(id, mode, written)
  writeDraft(id, mode, text)
}

/** What the text in the box is a translation of. Notes are not translated. */
function wrote(conversationId: string, mode: DraftMode, written: Written | null): void {
  if (mode === 'reply') setWritten(conversationId, written)
}

function inStep(conversationId: string, mode: DraftMode): InStep | null {
  try {
    return JSON.parse(localStorage.getItem(keyOf(conversationId, mode)) ?? 'null') as InStep | null
  } catch {
    return null
  }
}

function remember(conversationId: string, mode: DraftMode, step: InStep | null): void {
  try {
    if (step) localStorage.setItem(keyOf(conversationId, mode), JSON.stringify(step))
    else localStorage.removeItem(keyOf(conversationId, mode))
  } catch {
    // Storage is full or blocked: drafts are still saved, only seen as new by the next tab.
  }
}

function keyOf(conversationId: string, mode: DraftMode): string {
  return `${PREFIX}${conversationId}.${mode}`
}
