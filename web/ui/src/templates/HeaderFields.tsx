import { NativeSelect, TextInput } from '@mantine/core'
import { TemplateFile } from '../inbox/composer/TemplateFile'
import type { DraftHeader } from '../lib/types'
import { variablesOf, type Examples } from './templates'
import s from './templates.module.css'

type Kind = DraftHeader['kind']

const KINDS: Record<Kind, string> = { text: 'Text', image: 'Image', video: 'Video', document: 'Document', location: 'Place' }

interface HeaderFieldsProps {
  header: DraftHeader | null
  examples: Examples
  field: string
  label: string
  kinds: Kind[]
  optional?: boolean
  problem: (field: string) => string | undefined
  onChange: (header: DraftHeader | null, examples: Examples) => void
}

/** What stands above the text: words, or a file of which the review sees a sample. */
export function HeaderFields({ header, examples, field, label, kinds, optional, problem, onChange }: HeaderFieldsProps) {
  return (
    <div className={s.group}>
      <NativeSelect
        label={label}
        value={header?.kind ?? ''}
        error={problem(`${field}.kind`) ?? problem(field)}
        data={[...(optional ? [{ value: '', label: 'None' }] : []), ...kinds.map((kind) => ({ value: kind, label: KINDS[kind] }))]}
        onChange={(event) => {
          const kind = event.currentTarget.value as Kind | ''
          onChange(kind === '' ? null : { kind, text: '' }, {})
        }}
      />
      {header?.kind === 'text' && (
        <>
          <TextInput
            label="Words of the header"
            value={header.text ?? ''}
            error={problem(`${field}.text`)}
            onChange={(event) => onChange({ ...header, text: event.currentTarget.value }, examples)}
            rightSection={<small className={s.count}>{60 - (header.text?.length ?? 0)}</small>}
          />
          {variablesOf(header.text ?? '').map((name) => (
            <TextInput
              key={name}
              size="xs"
              label={`Example for {{${name}}} in the header`}
              value={examples[name] ?? ''}
              error={problem(`header_examples.${name}`)}
              onChange={(event) => onChange(header, { ...examples, [name]: event.currentTarget.value })}
            />
          ))}
        </>
      )}
      {header && header.kind !== 'text' && header.kind !== 'location' && (
        <>
          <TemplateFile
            kind={header.kind}
            label={`Sample ${header.kind} for the review`}
            error={problem(`${field}.file_id`)}
            onChange={(fileId) => onChange({ kind: header.kind, file_id: fileId || null, sample: null }, examples)}
          />
          {header.sample && <p className={s.quiet}>The sample of the last review is kept unless you choose another.</p>}
        </>
      )}
    </div>
  )
}
