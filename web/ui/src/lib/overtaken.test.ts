import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { readOvertakenAgain } from './overtaken.ts'

const KEY = ['contact', 'ana']

/** A query that is shown, and its reads: each waits to be answered. */
function shown() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  readOvertakenAgain(client)
  const reads: ((answer: string) => void)[] = []
  const observer = new QueryObserver(client, { queryKey: KEY, queryFn: () => new Promise<string>((answer) => reads.push(answer)) })
  const stop = observer.subscribe(() => {})
  const settled = async () => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((next) => setTimeout(next))
    return client.getQueryData(KEY)
  }
  return { client, reads, settled, stop }
}

test('overtaken: an answer that was asked for before a change does not hide it', async () => {
  const { client, reads, settled, stop } = shown()
  client.setQueryData(KEY, 'changed')
  assert.equal(await settled(), 'changed')
  assert.equal(reads.length, 2)
  reads[0]?.('as it was')
  assert.equal(await settled(), 'changed')
  reads[1]?.('changed, as stored')
  assert.equal(await settled(), 'changed, as stored')
  stop()
  client.clear()
})

test('overtaken: where nothing is being read, nothing is asked for', async () => {
  const { client, reads, settled, stop } = shown()
  reads[0]?.('as it was')
  assert.equal(await settled(), 'as it was')
  client.setQueryData(KEY, 'changed')
  assert.equal(await settled(), 'changed')
  assert.equal(reads.length, 1)
  stop()
  client.clear()
})

test('overtaken: what changes while it is asked for the first time is asked for again', async () => {
  const { client, reads, settled, stop } = shown()
  void client.invalidateQueries({ queryKey: KEY })
  void client.invalidateQueries({ queryKey: KEY })
  assert.equal(reads.length, 1)
  reads[0]?.('as it was')
  await settled()
  assert.equal(reads.length, 2)
  reads[1]?.('changed, as stored')
  assert.equal(await settled(), 'changed, as stored')
  assert.equal(reads.length, 2)
  stop()
  client.clear()
})
