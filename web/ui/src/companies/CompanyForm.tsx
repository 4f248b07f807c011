import { Button, Textarea, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { api, messageOf } from '../lib/api'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { toast } from '../lib/toast'
import type { Company } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import s from './companies.module.css'

/** What is known of a company; whoever may not change it reads it. */
export function CompanyForm({ company }: { company: Company }) {
  const mayWrite = useCan('contacts.write')
  const navigate = useNavigate()
  const [name, setName] = useState(company.name)
  const [domain, setDomain] = useState(company.domain ?? '')
  const [notes, setNotes] = useState(company.notes)
  const [problem, setProblem] = useState('')

  async function attempt(work: () => Promise<unknown>, done: string) {
    setProblem('')
    try {
      await work()
      toast(done)
      return true
    } catch (error) {
      setProblem(messageOf(error))
      return false
    } finally {
      void queryClient.invalidateQueries({ queryKey: ['companies'] })
    }
  }

  async function save(event: FormEvent) {
    event.preventDefault()
    await attempt(() => api.patch(`/companies/${company.id}`, { name, domain, notes, revision: company.revision }), 'Saved')
  }

  async function remove() {
    if (await attempt(() => api.delete(`/companies/${company.id}`), `${company.name} was deleted.`)) void navigate({ to: '/companies' })
  }

  return (
    <form className={s.form} onSubmit={(event) => void save(event)}>
      <fieldset disabled={!mayWrite}>
        <legend className="visually-hidden">Company</legend>
        <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={200} required />
        <TextInput label="Domain" placeholder="example.com" value={domain} onChange={(event) => setDomain(event.currentTarget.value)} maxLength={253} />
        <Textarea label="Notes" value={notes} onChange={(event) => setNotes(event.currentTarget.value)} maxLength={20000} autosize minRows={2} />
      </fieldset>
      <Problem text={problem} />
      {mayWrite && (
        <div className={s.foot}>
          <Button variant="subtle" color="red" onClick={() => void remove()}>
            Delete
          </Button>
          <Button type="submit" disabled={!name.trim()}>
            Save
          </Button>
        </div>
      )}
    </form>
  )
}
