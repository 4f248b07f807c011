import { Button, NativeSelect } from '@mantine/core'
import type { ReactNode } from 'react'
import { languageName } from '../lib/format'
import { IconPlus, IconTrash } from '../ui/icons'
import { languageOptions } from './templates'
import s from './templates.module.css'

interface WordingsProps<W> {
  wordings: readonly W[]
  /** Which of them is shown. */
  at: number
  onShow: (at: number) => void
  onChange: (wordings: W[]) => void
  problem: (field: string) => string | undefined
  /** Beside the choice of a language. */
  beside?: ReactNode
  /** The fields of the one that is shown. */
  children: ReactNode
}

/** The same in several languages, one of them shown; the one without a language is for everybody else. */
export function Wordings<W extends { language?: string | null }>({ wordings, at, onShow, onChange, problem, beside, children }: WordingsProps<W>) {
  const wording = wordings[at]!
  function add() {
    const taken = wordings.map((each) => each.language)
    onChange([...wordings, { ...wording, language: languageOptions('').find((code) => !taken.includes(code)) ?? 'fr' }])
    onShow(wordings.length)
  }
  const language = (
    <NativeSelect
      label="For people who speak"
      value={wording.language ?? ''}
      error={problem(`wordings.${at}.language`)}
      data={[{ value: '', label: 'Any other language' }, ...languageOptions(wording.language ?? '').map((code) => ({ value: code, label: nameOf(code) }))]}
      onChange={(event) => {
        const chosen = event.currentTarget.value || null
        onChange(wordings.map((each, place) => (place === at ? { ...each, language: chosen } : each)))
      }}
    />
  )
  return (
    <>
      <div className={s.languages} role="group" aria-label="Wordings">
        {wordings.map((each, place) => (
          <Button key={place} size="compact-sm" variant={place === at ? 'light' : 'default'} aria-pressed={place === at} onClick={() => onShow(place)}>
            {each.language ? nameOf(each.language) : 'Everybody else'}
          </Button>
        ))}
        <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={14} />} onClick={add}>
          Another language
        </Button>
      </div>
      {problem('wordings') && <p className={s.problem}>{problem('wordings')}</p>}
      <div className={s.group} role="group" aria-label="Wording">
        {beside ? (
          <div className={s.pair}>
            {language}
            {beside}
          </div>
        ) : (
          language
        )}
        {children}
        {wordings.length > 1 && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            leftSection={<IconTrash size={14} />}
            onClick={() => onChange(wordings.filter((_, place) => place !== at))}
          >
            Remove this wording
          </Button>
        )}
      </div>
    </>
  )
}

function nameOf(language: string): string {
  return languageName(language.replace('_', '-'))
}
