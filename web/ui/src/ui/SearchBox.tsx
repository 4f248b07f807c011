import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { useShortcut } from '../lib/keys'
import { IconSearch, IconX } from './icons'
import s from './search.module.css'

export const SEARCH_AFTER_MS = 180

interface SearchBoxProps {
  label: string
  placeholder: string
  value: string
  onChange: (text: string) => void
  onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => void
}

/** Where one types what to look for; `/` leads to it. */
export function SearchBox({ label, placeholder, value, onChange, onKeyDown }: SearchBoxProps) {
  const input = useRef<HTMLInputElement>(null)
  useShortcut('/', 'Search', 'Conversations', () => input.current?.focus())
  return (
    <div className={s.search}>
      <IconSearch size={15} aria-hidden />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {value && (
        <button type="button" aria-label="Clear search" onClick={() => onChange('')}>
          <IconX size={14} />
        </button>
      )}
    </div>
  )
}

/** What was typed, once the typing rests; at once when nothing is left. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text.trim()), text ? SEARCH_AFTER_MS : 0)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
