import { Button } from '@mantine/core'
import type { DraftCard } from '../lib/types'
import { IconTrash } from '../ui/icons'
import { ButtonFields } from './ButtonFields'
import { HeaderFields } from './HeaderFields'
import { VariableWords } from './VariableWords'
import s from './templates.module.css'

interface CardFieldsProps {
  card: DraftCard
  at: number
  problem: (field: string) => string | undefined
  onChange: (card: DraftCard) => void
  onRemove: () => void
}

export function CardFields({ card, at, problem, onChange, onRemove }: CardFieldsProps) {
  const field = `cards.${at}`
  return (
    <div className={s.card} role="group" aria-label={`Card ${at + 1}`}>
      <div className={s.cardHead}>
        <h2>Card {at + 1}</h2>
        <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconTrash size={14} />} onClick={onRemove}>
          Remove
        </Button>
      </div>
      {problem(field) && <p className={s.problem}>{problem(field)}</p>}
      <HeaderFields
        header={card.header ?? { kind: 'image' }}
        examples={{}}
        field={`${field}.header`}
        label="Above the card’s text"
        kinds={['image', 'video']}
        problem={problem}
        onChange={(header) => onChange({ ...card, header: header ?? { kind: 'image' } })}
      />
      <VariableWords
        label="Text of the card"
        field={`${field}.body`}
        value={card.body ?? ''}
        examples={card.examples ?? {}}
        examplesField={`${field}.examples`}
        most={160}
        problem={problem}
        onChange={(body, examples) => onChange({ ...card, body, examples })}
      />
      <ButtonFields
        label="Buttons of the card"
        field={`${field}.buttons`}
        buttons={card.buttons ?? []}
        kinds={['quick_reply', 'url', 'phone']}
        most={2}
        problem={problem}
        onChange={(buttons) => onChange({ ...card, buttons })}
      />
    </div>
  )
}
