import { Button } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useDeferredValue, useEffect, useState } from 'react'
import { fieldsQuery } from '../contacts/contactFields'
import { api, query } from '../lib/api'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import type { Company, ContactRow, Page } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { Badge } from '../ui/Badge'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState, NoPermission } from '../ui/ErrorState'
import { IconUsers } from '../ui/icons'
import { SearchBox } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import m from '../contacts/merging.module.css'
import { CompanyForm } from './CompanyForm'
import s from './companies.module.css'

/** `companies`, `companies/cmp_1` */
export default function CompaniesPage() {
  const allowed = useCan('contacts.read')
  const id = getRouteApi('/app/companies/$companyId').useParams({ shouldThrow: false })?.companyId
  useEffect(() => setTitle('Companies · Parley'), [])
  if (!allowed) {
    return (
      <main className={m.page}>
        <NoPermission />
      </main>
    )
  }
  return <main className={m.page}>{id ? <OneCompany key={id} id={id} /> : <AllCompanies />}</main>
}

function AllCompanies() {
  const [text, setText] = useState('')
  const search = useDeferredValue(text.trim())
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['companies', 'list', search],
    queryFn: ({ pageParam, signal }) => api.get<Page<Company>>(`/companies${query({ q: search || null, cursor: pageParam, limit: 50 })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const found = data?.pages.flatMap((page) => page.items)
  return (
    <>
      <header className={m.pageHead}>
        <div>
          <Link to="/contacts">Contacts</Link>
          <h1>Companies</h1>
        </div>
      </header>
      <SearchBox label="Search companies" placeholder="Search name or domain" value={text} onChange={setText} />
      {error && !found ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !found ? (
        <Skeleton height={240} />
      ) : found.length === 0 ? (
        <EmptyState
          icon={IconUsers}
          title={search ? 'No company is called that' : 'No companies yet'}
          text={search ? 'Try the beginning of its name, or its domain.' : 'A company is made where a contact is given one, or by an import.'}
        />
      ) : (
        <ul className={s.rows} aria-label="Companies">
          {found.map((company) => (
            <li key={company.id}>
              <Link to="/companies/$companyId" params={{ companyId: company.id }}>
                <b>{company.name}</b>
                <small>{company.domain}</small>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  )
}

function OneCompany({ id }: { id: string }) {
  const company = useQuery({ queryKey: ['companies', id], queryFn: ({ signal }) => api.get<Company>(`/companies/${id}`, signal) })
  const people = useInfiniteQuery({
    queryKey: ['contacts', 'of-company', id],
    queryFn: ({ pageParam, signal }) => api.get<Page<ContactRow>>(`/contacts${query({ company: id, cursor: pageParam, limit: 50 })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const found = people.data?.pages.flatMap((page) => page.items)
  const roles = useQuery(fieldsQuery).data?.roles ?? []
  return (
    <>
      <header className={m.pageHead}>
        <div>
          <Link to="/companies">Companies</Link>
          <h1>{company.data?.name ?? 'Company'}</h1>
        </div>
      </header>
      {company.error && !company.data ? (
        <ErrorState error={company.error} onRetry={() => void company.refetch()} />
      ) : company.data ? (
        <CompanyForm key={company.data.revision} company={company.data} />
      ) : (
        <Skeleton height={180} />
      )}
      <section aria-label="People">
        <h2 className={s.sub}>People</h2>
        {people.error && !found ? (
          <ErrorState error={people.error} onRetry={() => void people.refetch()} />
        ) : !found ? (
          <Skeleton height={120} />
        ) : found.length === 0 ? (
          <p className={s.none}>Nobody belongs to it.</p>
        ) : (
          <ul className={s.rows}>
            {found.map((contact) => (
              <li key={contact.id}>
                <Link to="/contacts/$contactId" params={{ contactId: contact.id }}>
                  <Avatar name={contact.name} hue={contact.avatar_hue} size={28} />
                  <b>{contact.name}</b>
                  {contact.company_role && <Badge tone="neutral">{roles.find((role) => role.id === contact.company_role)?.label ?? contact.company_role}</Badge>}
                  <small>{contact.addresses[0]?.label}</small>
                </Link>
              </li>
            ))}
          </ul>
        )}
        {people.hasNextPage && (
          <Button variant="default" loading={people.isFetchingNextPage} onClick={() => void people.fetchNextPage()}>
            Show more
          </Button>
        )}
      </section>
    </>
  )
}
