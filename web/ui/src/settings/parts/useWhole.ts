import type { QueryKey } from '@tanstack/react-query'
import { useState } from 'react'
import { api, messageOf } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { toast } from '../../lib/toast'

/** Something that is changed as a whole, against the revision that was read, and saved when one says so. */
export function useWhole<T extends object>(stored: T, path: string, queryKey: QueryKey) {
  const [value, setValue] = useState(stored)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function save() {
    setBusy(true)
    setProblem('')
    try {
      queryClient.setQueryData(queryKey, await api.put<T>(path, value))
      toast('Saved')
    } catch (error) {
      setProblem(messageOf(error))
    }
    setBusy(false)
  }

  return { value, set: (change: Partial<T>) => setValue((now) => ({ ...now, ...change })), changed: value !== stored, busy, problem, save }
}

/** Keys stay when labels change, so they do not come from labels. */
export function freeKey(start: string, taken: string[]): string {
  let number = taken.length + 1
  while (taken.includes(`${start}_${number}`)) number += 1
  return `${start}_${number}`
}
