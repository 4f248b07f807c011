import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api } from '../../lib/api'
import { toastError } from '../../lib/toast'
import type { Tag } from '../../lib/types'
import s from './tags.module.css'

const COLOURS = ['blue', 'green', 'orange', 'violet', 'red', 'teal', 'pink', 'yellow'] as const

/** A new tag, made where one misses it. */
export function TagCreator({ onCreated }: { onCreated: (tag: Tag) => void }) {
  const [name, setName] = useState('')
  const queries = useQueryClient()

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!name.trim()) return
    const colour = COLOURS[name.length % COLOURS.length]
    try {
      const tag = await api.post<Tag>('/tags', { name: name.trim(), colour })
      setName('')
      await queries.invalidateQueries({ queryKey: ['tags'] })
      onCreated(tag)
    } catch (error) {
      toastError('The tag was not made', error)
    }
  }

  return (
    <form className={s.creator} onSubmit={(event) => void submit(event)}>
      <input
        aria-label="New tag"
        placeholder="New tag"
        maxLength={50}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        onKeyDown={(event) => event.key !== 'Escape' && event.stopPropagation()}
      />
    </form>
  )
}
