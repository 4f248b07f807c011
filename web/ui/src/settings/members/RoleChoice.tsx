import { useId } from 'react'
import { useMe } from '../../lib/session'
import type { Role } from '../../lib/types'
import { ROLES } from './roles'
import s from './members.module.css'

/** The roles with what each may do. Only an owner may make owners. */
interface RoleChoiceProps {
  value: Role
  onChange: (role: Role) => void
  /** takes the focus when its dialog opens */
  focused?: boolean
}

export function RoleChoice({ value, onChange, focused = false }: RoleChoiceProps) {
  const name = useId()
  const mayMakeOwners = useMe().member.role === 'owner'
  return (
    <fieldset className={s.roles}>
      <legend>Role</legend>
      {ROLES.filter(({ role }) => mayMakeOwners || role !== 'owner').map(({ role, label, text }) => (
        <label key={role}>
          <input
            type="radio"
            name={name}
            value={role}
            checked={value === role}
            onChange={() => onChange(role)}
            aria-describedby={`${name}-${role}`}
            {...(focused && value === role && { 'data-autofocus': true })}
          />
          <span>
            <b>{label}</b>
            <small id={`${name}-${role}`} aria-hidden>
              {text}
            </small>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
